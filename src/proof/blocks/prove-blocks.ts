/** A whole operation below the file system: recorded, cut wherever it can be cut, judged, and recovered from. */
import { rm } from 'node:fs/promises';
import type { Rig } from '../cuts/rig.ts';
import type { Scenario } from '../cuts/scenario.ts';
import { createDiskLooks } from '../disk-facts.ts';
import { startErrands } from '../errands.ts';
import { handsOf } from '../hands.ts';
import { createImageReader } from '../image-reader.ts';
import { judgeCut } from '../laws.ts';
import { chosen } from './generator.ts';
import { judgeStates, type Judged } from './judge-states.ts';
import { record } from './record.ts';
import { recoverEach } from './recover.ts';
import type { Lane } from './sights.ts';

/** How much is tried; the same seed tries the same of one recording. */
export interface Extent {
  readonly seed: number;
  /** At most so many states, and recoveries. Default: all states, one recovery for each class. */
  readonly states?: number;
  readonly recoveries?: number;
}

export interface BlockTally extends Judged {
  /** Writes and flushes that were recorded. */
  readonly requests: number;
  readonly recoveries: number;
}

/** The violations name the states they were found in. */
export async function proveBlocks(
  rig: Rig,
  scenario: Scenario,
  { seed, states, recoveries = Infinity }: Extent,
): Promise<BlockTally> {
  const begin = performance.now();
  const { start, slot = 'active', command, before, ends } = scenario;
  const recording = await record(rig, { start, slot, command });
  const { base, log, outcome } = recording;
  if (!ends.exits.includes(outcome.code)) {
    throw new Error(`uncut, "${command.join(' ')}" ended with ${outcome.stderr}`);
  }
  try {
    const judged = await whileLooking(rig, (lanes) =>
      judgeStates(
        { base, log, seed, ...(states === undefined ? {} : { count: states }) },
        { folder: rig.folder, lanes, judgement: () => (facts) => judgeCut(facts, before) },
      ),
    );
    const representatives = chosen([...judged.classes.values()], recoveries, seed);
    const wrong = await recoverEach(rig, scenario, recording, representatives);
    return {
      ...judged,
      requests: log.length,
      recoveries: representatives.length,
      violations: [...judged.violations, ...wrong],
      seconds: (performance.now() - begin) / 1000,
    };
  } finally {
    await rm(base.path);
  }
}

/** Looking at a disk mostly waits for programs: two are looked at, whatever the number of processors. */
export async function whileLooking<T>(
  { folder, contents: { installed, next, others } }: Pick<Rig, 'folder' | 'contents'>,
  work: (lanes: readonly Lane[]) => Promise<T>,
): Promise<T> {
  const images = createImageReader(folder);
  const versions = new Set([installed, next, ...others]);
  const errands = [startErrands(folder), startErrands(folder)];
  try {
    return await work(
      errands.map((one) => ({
        run: one.run,
        looks: createDiskLooks(folder, versions, images, handsOf(one)),
      })),
    );
  } finally {
    for (const one of errands) await one.end();
  }
}
