import type { WalkArguments } from '../arguments.ts';
import { mountNext, type WalkContext, type WorkingDisk } from '../context.ts';
import { VmError } from '../failure.ts';
import type { Machine } from '../machine.ts';

export const PANIC: Fault = {
  name: 'kernel',
  title: 'the kernel panics',
  command: 'echo no initrd >/boot/initrd',
  remembered: 'none of its boots reached the health checks',
};

const FAULTS: readonly Fault[] = [
  PANIC,
  {
    name: 'init',
    title: 'init fails',
    command:
      "rm -f /usr/sbin/init && printf '#!/bin/sh\\nexit 1\\n' >/usr/sbin/init && chmod 0755 /usr/sbin/init",
    remembered: 'none of its boots reached the health checks',
  },
  {
    name: 'health',
    title: 'a health check fails',
    command:
      "mkdir -p /etc/slotwright/health.d && printf '#!/bin/sh\\necho no route to the world >&2\\nexit 1\\n' >/etc/slotwright/health.d/10-world && chmod 0755 /etc/slotwright/health.d/10-world",
    remembered: 'no route to the world',
  },
];

/** What a hook does to the new system, so that its boots fail. */
export interface Fault {
  readonly name: string;
  readonly title: string;
  readonly command: string;
  /** What `why` says of the attempts. */
  readonly remembered: string;
}

/** A new system that does not come up is given up after three attempts: passive runs, knows why, and can be made active again. */
export async function fallback(context: WalkContext, { faults }: WalkArguments): Promise<void> {
  const { check, note, part } = context;
  const wanted = FAULTS.filter(({ name }) => faults.length === 0 || faults.includes(name));
  if (wanted.length === 0) throw new VmError(`no such fault: ${faults.join(', ')}`);
  const next = await part('next system: 2.0', () => context.source('busybox', '2.0'));
  for (const { title, command, remembered } of wanted) {
    note(`-- ${title}`);
    const disk = await part(`disk: ${title}`, () => brokenBy(context, command));
    const machine = await disk.start({ drives: [{ file: next, mode: 'ro' }] });
    try {
      await part('power on', () => machine.ready());
      await mountNext(machine);
      await givenUp(context, machine, remembered);
      await mountNext(machine);
      const again = await machine.run(['elemental', 'upgrade'], LONG_MS);
      check(again.code === 96, 'the same upgrade is refused');
      await part('elemental rollback', () => machine.sure(['elemental', 'rollback'], LONG_MS));
      const after = await part('reboot', async () => {
        await machine.run(['reboot']);
        return machine.ready();
      });
      check(after.mode === 'active' && after.version === '1.0', 'the good system is active again');
    } finally {
      await machine.cutPower();
    }
  }
}

/** Upgrades to a system that does not come up, and reboots into the one that is left. */
export async function givenUp(
  { check, note, part }: WalkContext,
  machine: Machine,
  remembered: string,
): Promise<void> {
  await part('elemental upgrade', () => machine.sure(['elemental', 'upgrade'], LONG_MS));
  const judged = await machine.sure(['elemental', 'status']);
  check(judged.includes('judged by slotwright, 3 attempts left'), 'the new system is on trial');
  const back = await part(`reboot, until something runs again`, async () => {
    machine.mark();
    await machine.run(['reboot']);
    return fallenBack(machine);
  });
  check(back.mode === 'passive' && back.version === '1.0', 'the passive image runs');
  const line = await machine.sure(['cat', '/proc/cmdline']);
  check(line.includes('slotwright.fell_back=tries'), 'because the attempts were used up');
  const why = await machine.sure(['elemental', 'why']);
  note(why.trimEnd().replaceAll('\n', '\n   '));
  check(why.includes('started 3 times and not confirmed'), 'it knows how often was tried');
  check(why.includes(remembered), 'it knows what the attempts said');
}

/** Text of a hook file that does this to every new system. */
export function breakingHook(command: string): string {
  const hook = { name: 'break the new system', commands: [command] };
  return `${JSON.stringify({ stages: { 'after-upgrade-chroot': [hook] } })}\n`;
}

/** A disk with a hook that breaks every new system. */
async function brokenBy(context: WalkContext, command: string): Promise<WorkingDisk> {
  const disk = await context.disk('busybox');
  await disk.files.write('oem', '/90_break.yaml', breakingHook(command));
  return disk;
}

/** Boots that fail in a health check greet, too: only the one that is not of the image on trial counts. */
async function fallenBack(machine: Machine): Promise<Awaited<ReturnType<Machine['ready']>>> {
  for (;;) {
    const greeting = await machine.ready();
    if (greeting.mode !== 'active') return greeting;
  }
}

const LONG_MS = 900_000;
