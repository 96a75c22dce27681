import type { BootedStart, WalkContext } from '../context.ts';
import { judgeAgainst } from '../judge.ts';
import type { Machine } from '../machine.ts';
import { comesBack } from './come-back.ts';
import { aboutToUpgrade } from './cuts.ts';
import { breakingHook, givenUp, PANIC } from './fallback.ts';

/** The least that shows the promise: an upgrade that is cut at its switch and goes on by itself, and one whose kernel panics. */
export async function short(context: WalkContext): Promise<void> {
  const start = await aboutToUpgrade(context);
  await cutAtTheSwitch(context, start);
  const { machine } = await context.booted(start);
  try {
    const hook = breakingHook(PANIC.command);
    await machine.sure(['sh', '-c', 'printf %s "$1" >/oem/90_break.yaml', 'sh', hook]);
    await givenUp(context, machine, PANIC.remembered);
  } finally {
    await machine.cutPower();
  }
}

async function cutAtTheSwitch(context: WalkContext, start: BootedStart): Promise<void> {
  const { check, note, part } = context;
  const { machine, disk, original } = await part('a machine with 1.0', () => context.booted(start));
  const drives = start.options?.drives;
  try {
    await part('elemental upgrade, cut at its switch', () => upgradeToTheSwitch(machine));
  } finally {
    await machine.cutPower();
  }
  const judge = await part('what the laws are judged against', () =>
    judgeAgainst(original, context.folder),
  );
  const became = await part('power on, and left alone', () =>
    comesBack(context, disk, { operation: 'upgrade', drives, judge }),
  );
  check(became === 'finished', 'the upgrade went on from the step it owed');
  const next = await disk.start(start.options);
  try {
    const { mode, version } = await part('power on once more', () => next.ready(LONG_MS));
    check(mode === 'active' && version === '2.0', 'the new system runs');
    const status = await next.sure(['elemental', 'status']);
    check(!status.includes('on trial'), 'and is confirmed');
    note(status.trimEnd().replaceAll('\n', '\n   '));
  } finally {
    await next.cutPower();
  }
}

const LONG_MS = 900_000;

/** Resolves when the log says that the switch has begun. */
async function upgradeToTheSwitch(machine: Machine): Promise<void> {
  const log = '/run/initramfs/cos-state/slotwright/events/*-upgrade-*.jsonl';
  const begun = `grep -qs '"type":"step.started","step":"set-active"' ${log}`;
  const script = `elemental upgrade >/run/upgrade.log 2>&1 & until ${begun}; do sleep 0.1; done`;
  await machine.sure(['sh', '-c', script], LONG_MS);
}
