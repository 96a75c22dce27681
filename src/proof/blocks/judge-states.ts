import { open } from 'node:fs/promises';
import type { ColdPartition } from '../cold-partitions.ts';
import { partitionsOf } from '../cold-partitions.ts';
import type { DiskFacts, Violation } from '../laws.ts';
import { nameOf, pendingOf, statesOf, type BlockState, type Span } from './block-states.ts';
import { classOf } from './class-of.ts';
import { contentOf, layerOver, writeAll, type Content } from './content.ts';
import { chosen } from './generator.ts';
import type { Recording } from './record.ts';
import { createSights, type Lane, type Sight } from './sights.ts';
import { everyByte } from './what-is-seen.ts';

/** Which states of a recording are built. */
export interface Sample extends Pick<Recording, 'base' | 'log'> {
  /** First request of the span in which the power is cut, and the one after its last. Default: all. */
  readonly from?: number;
  readonly to?: number;
  /** Default: those of the disk before. */
  readonly partitions?: readonly ColdPartition[];
  /** At most so many distinct states, chosen by the seed. Default: all. */
  readonly count?: number;
  /** The same seed judges the same states. */
  readonly seed: number;
}

/** How states are looked at and judged. */
export interface Judge {
  /** Gets disks for as long as they are looked at. */
  readonly folder: string;
  /** As many as shall look at the same time. */
  readonly lanes: readonly Lane[];
  /** How to judge a disk with this content, which is to be looked at now; `undefined` where there is nothing to be seen. */
  readonly judgement: (
    content: Content,
  ) => ((facts: DiskFacts) => readonly Violation[]) | undefined;
}

export interface Judged {
  /** States of other bytes each. */
  readonly judged: number;
  /** Of those, the ones that some reader can tell apart. */
  readonly sights: number;
  /** Looks at a file as GRUB reads it, and at a partition as the kernel mounts it. */
  readonly looks: { readonly grub: number; readonly kernel: number };
  /** States with a violation. */
  readonly bad: number;
  readonly violations: readonly string[];
  /** States with nothing to be seen. */
  readonly nothing: readonly BlockState[];
  /** States in which GRUB would have to take its fallback. */
  readonly fallbacks: number;
  readonly how: Readonly<Record<BlockState['how'] | 'torn', number>>;
  /** One state for each class, see `class-of.ts`. */
  readonly classes: ReadonlyMap<string, { readonly state: BlockState; readonly facts: DiskFacts }>;
  readonly seconds: number;
}

/** Judges what a cut may leave, in both views, the kernel's and GRUB's. */
export async function judgeStates(sample: Sample, judge: Judge): Promise<Judged> {
  const start = performance.now();
  const { base, log, from = 0, to = log.length, seed, count = Infinity } = sample;
  const file = await open(base.path, 'r');
  try {
    const below = contentOf(file.fd);
    const partitions = sample.partitions ?? (await partitionsOf(base.path));
    const inOnePiece = partitions.map(middleOfSuperblock);
    const span = { from, to, seed, inOnePiece };
    const states = chosen(distinct({ below, log }, span), count, seed);
    const sights = createSights({ base, below, folder: judge.folder });

    const found = { bad: 0, fallbacks: 0, violations: [] as string[], nothing: [] as BlockState[] };
    const how = { all: 0, none: 0, some: 0, torn: 0 };
    const known = new Map<string, Promise<Sight>>();
    const classes = new Map<string, { state: BlockState; facts: DiskFacts }>();
    const idle = [...judge.lanes];
    const judging = new Set<Promise<void>>();
    const judgeOne = async (
      state: BlockState,
      sight: Promise<Sight>,
      judgement: (facts: DiskFacts) => readonly Violation[],
    ): Promise<void> => {
      const { facts, files } = await sight;
      const violations = judgement(facts);
      if (violations.length > 0) found.bad += 1;
      if (needsFallback(facts)) found.fallbacks += 1;
      const name = classOf(facts, files);
      if (!classes.has(name)) classes.set(name, { state, facts });
      for (const { law, sentence } of violations) {
        found.violations.push(`${nameOf(state)}: law ${String(law)}: ${sentence}`);
      }
    };
    for (const { state, content } of contents({ below, log }, states)) {
      how[state.torn === undefined ? state.how : 'torn'] += 1;
      const judgement = judge.judgement(content);
      if (judgement === undefined) {
        found.nothing.push(state);
        continue;
      }
      const { key, look } = sights.of(content);
      const lane = known.has(key) ? undefined : idle.pop();
      const sight = known.get(key) ?? (lane === undefined ? undefined : look(lane));
      if (sight === undefined) throw new Error('somebody looks in a lane that is not his');
      known.set(key, sight);
      const one: Promise<void> = judgeOne(state, sight, judgement).finally(() => {
        judging.delete(one);
        if (lane !== undefined) idle.push(lane);
      });
      judging.add(one);
      while (idle.length === 0 || judging.size > MANY) await Promise.race(judging);
    }
    await Promise.all(judging);
    const seconds = (performance.now() - start) / 1000;
    const { looks } = sights;
    return { judged: states.length, sights: known.size, looks, ...found, how, classes, seconds };
  } finally {
    await file.close();
  }
}

/** More would only wait for the same. */
const MANY = 64;

interface Recorded {
  readonly below: Content;
  readonly log: Sample['log'];
}

/** The states of a span that differ in at least one byte. */
function distinct(recorded: Recorded, span: Span): readonly BlockState[] {
  const found = new Map<string, BlockState>();
  for (const { state, content } of contents(recorded, statesOf(recorded.log, span))) {
    const bytes = everyByte(content, recorded.below);
    if (!found.has(bytes)) found.set(bytes, state);
  }
  return [...found.values()];
}

/** What the disk holds in these states, which come in the order of the log. Each counts until the next one is asked for. */
export function* contents(
  { below, log }: Recorded,
  states: Iterable<BlockState>,
): Generator<{ readonly state: BlockState; readonly content: Content }> {
  const durable = layerOver(below);
  let applied = 0;
  for (const state of states) {
    writeAll(durable, log.slice(applied, state.durable));
    applied = state.durable;
    const content = layerOver(durable);
    writeAll(content, pendingOf(log, state));
    yield { state, content };
  }
}

/** Half a superblock has a wrong checksum, and no kernel mounts that: ext4 counts on disks that do not tear its 1024 bytes. */
function middleOfSuperblock({ offset }: ColdPartition): number {
  return offset + 1024 + 512;
}

function needsFallback({ loader: [view] }: DiskFacts): boolean {
  return typeof view?.active !== 'object' || view.active.condition !== 'complete';
}
