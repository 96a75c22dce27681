/** A fault that somebody could have made, as data: where it is planted, and who has to notice. */
import type { Law } from '../../src/proof/laws.ts';

/**
 * What notices it, cheapest first. `unit`: plain tests of one part. `model`: the simulated machine. `contract`: one adapter on a real disk.
 * `process`: the real command, killed or beside another one. `file system`: the same, or one adapter, when ext4 is shut down without
 * flushing. `blocks`: recorded writes, rebuilt.
 */
export const LEVELS = ['unit', 'model', 'contract', 'process', 'file system', 'blocks'] as const;
export type Level = (typeof LEVELS)[number];

/** A test that has to fail when the fault is there. */
export interface Sighting {
  readonly level: Level;
  /** File of the test, from the top of the checkout. */
  readonly test: string;
  /** What vitest selects tests by: a regular expression over `describe` and title. */
  readonly title: string;
  /** The promise that is broken, as the failed assertion shows it. Any other failure does not count. */
  readonly says: RegExp;
}

/** One place of a fault. */
export interface Change {
  /** From the top of the checkout. */
  readonly file: string;
  /** Occurs there exactly once. */
  readonly text: string;
  readonly becomes: string;
}

export interface Mutant extends Change {
  /** For the command line. */
  readonly name: string;
  /** What is broken, as a clause. */
  readonly fault: string;
  /** The law that it breaks. */
  readonly law: Law;
  /** Where it takes more than one change to make it. */
  readonly also?: readonly Change[];
  readonly foundBy: readonly [Sighting, ...Sighting[]];
}

export function changesOf({ also = [], ...first }: Mutant): readonly Change[] {
  return [first, ...also];
}

/** Puts a fault into a source; throws when the source has moved on. */
export function planted(source: string, { file, text, becomes }: Change): string {
  const times = source.split(text).length - 1;
  if (times === 1) return source.replace(text, () => becomes);
  throw new Error(
    `the text of a fault occurs ${times} times in ${file}, and must be there once: ${text}`,
  );
}
