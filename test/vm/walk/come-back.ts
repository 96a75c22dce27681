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

interface Expected {
  /** Name of the operation that was cut. */
  readonly operation: string;
  readonly drives: MachineOptions['drives'];
  readonly judge: Judge;
}

/**
 * A disk after a cut is judged, powered on and left alone: it has to come to a login by itself, owe nothing then, and keep every law when it is
 * off again. Removes nothing.
 */
export async function comesBack(
  { check, note }: WalkContext,
  disk: WorkingDisk,
  { operation, drives, judge }: Expected,
): Promise<CameBack> {
  await judge.cut(disk.path);
  const machine = await disk.start({ ...(drives === undefined ? {} : { drives }) });
  try {
    const { mode, version } = await machine.ready(LONG_MS);
    await machine.seen(/login: $/, LONG_MS);
    await settled(machine);
    const outcomes = await outcomesOf(machine);
    check(!outcomes.owes, `it came up (${mode} ${version}), and owes nothing`);
    note(outcomes.told);
    const last = outcomes.of.findLast((one) => one.operation === operation);
    await machine.shutdown();
    await judge.end(disk.path);
    if (last === undefined) return 'not begun';
    // Finished by the old system, the new one starts at the next boot.
    if (last.outcome === 'completed') return 'finished';
    check(version === '1.0', `the ${operation} is undone, and 1.0 runs`);
    return 'undone';
  } finally {
    await machine.cutPower();
  }
}

const LONG_MS = 900_000;

/** What a machine says of its operations. */
export async function outcomesOf(machine: Machine): Promise<{
  readonly owes: boolean;
  readonly of: readonly { readonly operation: string; readonly outcome: string }[];
  readonly told: string;
}> {
  const status = STATUS.parse(JSON.parse(await machine.sure(['elemental', 'status', '--json'])));
  const said = await machine.sure(['elemental', 'history', '--json']);
  const { operations } = HISTORY.parse(JSON.parse(said));
  const told = operations.map(({ operation, outcome }) => `${operation} ${outcome}`).join(', ');
  return {
    owes: status.unfinished !== undefined,
    of: operations,
    told: told === '' ? 'nothing was begun' : told,
  };
}

/** Resolves when what boots do by themselves has ended: the tool runs no more. */
export async function settled(machine: Machine): Promise<void> {
  const runs = 'pgrep -f "elemental (resume|assess-boot|run-stage)" >/dev/null';
  await machine.sure(['sh', '-c', `while ${runs}; do sleep 1; done`], LONG_MS);
}
