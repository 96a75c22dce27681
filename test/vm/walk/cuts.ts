import { rm } from 'node:fs/promises';
import type { CutArguments, WalkArguments } from '../arguments.ts';
import type { BootedStart, WalkContext } from '../context.ts';
import { judgeAgainst, type Judge } from '../judge.ts';
import type { Machine } from '../machine.ts';
import { cutEach, cutTimes, measured } from './cut-each.ts';
import { installCuts } from './cuts-of-install.ts';
import { resetCuts } from './cuts-of-reset.ts';

/** Lent drive, mounted in every boot: what was interrupted finds its source again. */
const NEXT_HOOK = `stages:
  boot:
    - name: the next system
      if: '[ -b /dev/vdb ]'
      commands:
        - mkdir -p /run/next && mount -o ro /dev/vdb /run/next
`;

/** A machine that runs 1.0 and finds 2.0 on a lent drive, in each of its boots. */
export async function aboutToUpgrade(context: WalkContext): Promise<BootedStart> {
  const next = await context.part('next system: 2.0', () => context.source('busybox', '2.0'));
  return {
    name: 'about to upgrade',
    kind: 'busybox',
    options: { drives: [{ file: next, mode: 'ro' }] },
    prepare: async (disk) => disk.files.write('oem', '/10_next.yaml', NEXT_HOOK),
  };
}

/**
 * The plug is pulled at random times, during the upgrade and during the boot that judges it, during a reset and during an installation. Each time
 * the machine must come up by itself and be done with what was begun, without a person: finished, or undone. Only an installation is asked for
 * again, where there is no system yet.
 */
export async function cuts(
  context: WalkContext,
  { cuts: given, keep }: WalkArguments,
): Promise<void> {
  context.note(`seed ${String(given.seed)}`);
  if (given.upgrade + given.boot > 0) await upgradeCuts(context, given, keep);
  if (given.reset > 0) await resetCuts(context, given);
  if (given.install > 0) await installCuts(context, given);
}

async function upgradeCuts(
  context: WalkContext,
  given: CutArguments,
  keep: string | undefined,
): Promise<void> {
  const { upgrade, boot, seed } = given;
  const start = await aboutToUpgrade(context);
  const { judge, took } = await uncut(context, start);
  await cutEach(context, {
    title: 'the upgrade',
    operation: 'upgrade',
    judge,
    times: cutTimes(upgrade, took.upgrade, { ...given, seed }),
    start,
    begin: async (machine) => void machine.run(UPGRADE, LONG_MS).catch(() => undefined),
    keep,
  });
  await cutEach(context, {
    title: 'the boot that judges',
    operation: 'upgrade',
    judge,
    times: cutTimes(boot, took.boot, { ...given, seed: seed + 1 }),
    start: upgraded(start),
    begin: reboots,
  });
}

const UPGRADE = ['elemental', 'upgrade'] as const;
const LONG_MS = 900_000;

/** The same machine, the upgrade behind it and the reboot before it. */
function upgraded(start: BootedStart): BootedStart {
  const first = async (machine: Machine): Promise<void> => {
    await machine.sure(UPGRADE, LONG_MS);
  };
  return { ...start, name: 'about to be judged', first };
}

/** Resolves when the kernel of the new boot has said its first word. */
async function reboots(machine: Machine): Promise<void> {
  machine.mark();
  void machine.run(['reboot']).catch(() => undefined);
  await machine.seen(/Linux version/, LONG_MS);
}

interface Uncut {
  readonly judge: Judge;
  /** Milliseconds of the upgrade, and of the boot that judges from the kernel's first word to the login. */
  readonly took: { readonly upgrade: number; readonly boot: number };
}

/** The upgrade and the boot after it when nobody cuts them. */
async function uncut(context: WalkContext, start: BootedStart): Promise<Uncut> {
  const { machine, disk, original } = await context.part('a machine with 1.0', () =>
    context.booted(start),
  );
  try {
    const judge = await context.part('what the laws are judged against', () =>
      judgeAgainst(original, context.folder),
    );
    const upgrade = await measured(context, 'an upgrade that nobody cuts', () =>
      machine.sure(UPGRADE, LONG_MS),
    );
    await reboots(machine);
    const boot = await measured(context, 'a boot that nobody cuts', () =>
      machine.seen(/login: $/, LONG_MS),
    );
    await machine.shutdown();
    await context.part('its disk is judged', () => judge.end(disk.path));
    return { judge, took: { upgrade, boot } };
  } finally {
    await machine.cutPower();
    await rm(disk.path);
  }
}
