import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { CutArguments } from '../arguments.ts';
import type { BootedStart, WalkContext } from '../context.ts';
import type { Judge } from '../judge.ts';
import type { Machine } from '../machine.ts';
import { keepLog } from '../keep-log.ts';
import { comesBack, type CameBack } from './come-back.ts';

/** Runs a part and tells its milliseconds. */
export async function measured(
  { part }: WalkContext,
  title: string,
  work: () => Promise<unknown>,
): Promise<number> {
  const began = performance.now();
  await part(title, work);
  return performance.now() - began;
}

/** Cuts of one kind. */
export interface Cuts {
  readonly title: string;
  readonly operation: string;
  readonly judge: Judge;
  /** Milliseconds after `begin`. */
  readonly times: readonly number[];
  readonly start: BootedStart;
  readonly begin: (machine: Machine) => Promise<void>;
  /** Folder that gets the histories. */
  readonly keep?: string | undefined;
}

/** Cuts a machine at each of the times, has what is left come back, and tells what became of the operation. */
export async function cutEach(context: WalkContext, cut: Cuts): Promise<void> {
  const tally: Record<CameBack, number> = { finished: 0, undone: 0, 'not begun': 0 };
  for (const after of cut.times) {
    await context.part(`cut: ${cut.title} after ${String(after)} ms`, async () => {
      const { machine, disk } = await context.booted(cut.start);
      try {
        await cut.begin(machine);
        await delay(after);
      } finally {
        await machine.cutPower();
      }
      const { operation, judge } = cut;
      const drives = cut.start.options?.drives;
      const became = await comesBack(context, disk, { operation, drives, judge });
      tally[became] += 1;
      if (cut.keep !== undefined) {
        const name = `${operation}-cut-after-${String(after)}-ms`;
        await keepLog(cut.keep, name, await judge.log(disk.path));
      }
      await rm(disk.path);
    });
  }
  const { finished, undone } = tally;
  const cutShort = `${String(cut.times.length)} cuts of ${cut.title}`;
  context.note(
    `${cutShort}: ${String(finished)} finished, ${String(undone)} undone, ${String(tally['not begun'])} not begun`,
  );
}

/** Milliseconds, drawn by the seed between the beginning of what takes so long and its end. */
export function cutTimes(
  count: number,
  tookMs: number,
  { from, seed }: Pick<CutArguments, 'from' | 'seed'>,
): readonly number[] {
  const next = randomFrom(seed);
  return Array.from({ length: count }, () => Math.round(next() * tookMs)).slice(from - 1);
}

/** A small generator with a seed (mulberry32): cuts fall at the same times again. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
