import type { WalkContext, WorkingDisk } from '../context.ts';
import type { Judge } from '../judge.ts';
import type { Machine, MachineOptions } from '../machine.ts';
import * as z from 'zod';

/** What became of the operation that was cut. */
export type CameBack = 'finished' | 'undone' | 'not begun';

const STATUS = z.object({ unfinished: z.unknown().optional() });
const HISTORY = z.object({
  operations: z.array(z.object({ operation: z.string(), outcome: z.string() })),
});

/**
 * A disk after a cut is judged, powered on and left alone: it has to come to a login by itself, owe nothing then, and keep every law when it is
 * off again. Removes nothing.
 */
export async function comesBack(
  { check, note }: WalkContext,
  disk: WorkingDisk,
  { drives, judge }: { readonly drives: MachineOptions['drives']; readonly judge: Judge },
): Promise<CameBack> {
  await judge.cut(disk.path);
  const machine = await disk.start({ ...(drives === undefined ? {} : { drives }) });
  try {
    const { mode, version } = await machine.ready(LONG_MS);
    await machine.seen(/login: $/, LONG_MS);
    await settled(machine);
    const status = STATUS.parse(JSON.parse(await machine.sure(['elemental', 'status', '--json'])));
    check(status.unfinished === undefined, `it came up (${mode} ${version}), and owes nothing`);
    const said = await machine.sure(['elemental', 'history', '--json']);
    const { operations } = HISTORY.parse(JSON.parse(said));
    note(operations.map(({ operation, outcome }) => `${operation} ${outcome}`).join(', '));
    const upgrade = operations.findLast(({ operation }) => operation === 'upgrade');
    await machine.shutdown();
    await judge.end(disk.path);
    if (upgrade === undefined) return 'not begun';
    // Finished by the old system, the new one starts at the next boot.
    if (upgrade.outcome === 'completed') return 'finished';
    check(version === '1.0', 'the upgrade is undone, and 1.0 runs');
    return 'undone';
  } finally {
    await machine.cutPower();
  }
}

const LONG_MS = 900_000;

/** What boots do by themselves has ended when the tool runs no more. */
async function settled(machine: Machine): Promise<void> {
  const runs = 'pgrep -f "elemental (resume|assess-boot|run-stage)" >/dev/null';
  await machine.sure(['sh', '-c', `while ${runs}; do sleep 1; done`], LONG_MS);
}
