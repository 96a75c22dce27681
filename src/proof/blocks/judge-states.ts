import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { copyDisk, type Disk } from '../../sandbox/disk.ts';
import type { Rig } from '../cuts/rig.ts';
import { judgeCut, type Before } from '../laws.ts';
import { apply, sampleStates, type BlockState } from './block-states.ts';
import type { Recording } from './record.ts';

/** Which states of a recording are built. */
export interface Sample extends Pick<Recording, 'base' | 'log'> {
  /** First request of the span in which the power is cut, and the one after its last. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** The same seed builds the same states. */
  readonly seed: number;
}

export interface Judged {
  readonly judged: number;
  /** States with a violation. */
  readonly bad: number;
  readonly violations: readonly string[];
  /** States in which GRUB would have to take its fallback. */
  readonly fallbacks: number;
  readonly how: Readonly<Record<BlockState['how'], number>>;
  readonly seconds: number;
}

/** Builds each disk of the sample and judges it in both views, the kernel's and GRUB's. */
export async function judgeStates(rig: Rig, before: Before, sample: Sample): Promise<Judged> {
  const start = performance.now();
  const { base, log, from, to, count, seed } = sample;
  const states = sampleStates(log, { from, to }, { count, seed });
  const durable = await copyDisk(base, join(rig.folder, 'durable.img'));
  const violations: string[] = [];
  const how = { all: 0, none: 0, some: 0 };
  let [applied, bad, fallbacks] = [0, 0, 0];
  const judge = async (state: BlockState, disk: Disk): Promise<void> => {
    const facts = await rig.facts(disk);
    const found = judgeCut(facts, before);
    how[state.how] += 1;
    if (found.length > 0) bad += 1;
    const [view] = facts.loader;
    if (typeof view?.active !== 'object' || view.active.condition !== 'complete') fallbacks += 1;
    const where = `${String(state.durable)} requests durable, ${state.how} after it (${state.made.join(' ')})`;
    violations.push(
      ...found.map(({ law, sentence }) => `${where}: law ${String(law)}: ${sentence}`),
    );
    await rm(disk.path);
  };
  const judging = new Set<Promise<void>>();
  for (const [index, state] of states.entries()) {
    await apply(durable.path, log.slice(applied, state.durable));
    applied = state.durable;
    const disk = await copyDisk(durable, join(rig.folder, `state-${String(index)}.img`));
    await apply(
      disk.path,
      state.made.flatMap((number) => log[number] ?? []),
    );
    const one: Promise<void> = judge(state, disk).finally(() => judging.delete(one));
    judging.add(one);
    // Looking at one disk mostly waits for programs; the next one is made meanwhile.
    if (judging.size > 1) await Promise.race(judging);
  }
  await Promise.all(judging);
  await rm(durable.path);
  const seconds = (performance.now() - start) / 1000;
  return { judged: states.length, bad, violations, fallbacks, how, seconds };
}
