/** Disks that a cut leaves are switched on again: one of each class. */
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { carryOn } from '../cuts/carry-on.ts';
import { slotThatBoots } from '../cuts/cut.ts';
import { heldBy } from '../cuts/live-machine.ts';
import type { Rig } from '../cuts/rig.ts';
import type { Scenario } from '../cuts/scenario.ts';
import { OWN_HANDS } from '../hands.ts';
import type { DiskFacts } from '../laws.ts';
import type { Disk } from '../../sandbox/disk.ts';
import { nameOf, type BlockState } from './block-states.ts';
import { contentOf } from './content.ts';
import { contents } from './judge-states.ts';
import type { Recording } from './record.ts';
import { build } from './sights.ts';

/** A state to recover from, and what was seen of it. */
export interface Representative {
  readonly state: BlockState;
  readonly facts: DiskFacts;
}

/** Boots each of these disks, goes on, and judges the end. One sentence for everything that is wrong. */
export async function recoverEach(
  rig: Rig,
  scenario: Scenario,
  { base, log }: Pick<Recording, 'base' | 'log'>,
  representatives: readonly Representative[],
): Promise<readonly string[]> {
  const wrong: string[] = [];
  const inOrder = [...representatives].sort((a, b) => a.state.durable - b.state.durable);
  const file = await open(base.path, 'r');
  try {
    const below = contentOf(file.fd);
    const states = contents(
      { below, log },
      inOrder.map(({ state }) => state),
    );
    const running = new Set<Promise<void>>();
    for (const [index, { facts }] of inOrder.entries()) {
      const next = states.next();
      if (next.done === true) break;
      const { state, content } = next.value;
      const path = join(rig.folder, `recovered-${String(index)}.img`);
      const disk = await build(content.written(), { base, path, run: OWN_HANDS.run });
      const one: Promise<void> = recover(rig, scenario, disk, { facts, index })
        .then((found) => {
          wrong.push(...found.map((sentence) => `${nameOf(state)}: ${sentence}`));
        })
        .finally(async () => {
          running.delete(one);
          await rm(path);
        });
      running.add(one);
      if (running.size > 1) await Promise.race(running);
    }
    await Promise.all(running);
    return wrong;
  } finally {
    await file.close();
  }
}

async function recover(
  rig: Rig,
  scenario: Scenario,
  disk: Disk,
  { facts, index }: { readonly facts: DiskFacts; readonly index: number },
): Promise<readonly string[]> {
  const slot = scenario.slot ?? slotThatBoots(facts);
  if (slot === undefined) return ['nothing boots'];
  const booted = await rig.boot(disk, slot);
  try {
    const quiet = await heldBy(booted);
    const command = isBegun(facts, scenario)
      ? scenario.carryOn[index % scenario.carryOn.length]
      : scenario.command;
    return await carryOn(rig, scenario, booted, { command: command ?? [], quiet });
  } finally {
    await booted.shutdown();
  }
}

/** Where the log does not know of what was asked for, nobody can carry it on: it is asked for again. */
function isBegun(
  { log }: DiskFacts,
  { before, begunBy = 'operation.started' }: Pick<Scenario, 'before' | 'begunBy'>,
): boolean {
  const was = before.facts.log;
  if ('damage' in log || 'damage' in was) return true;
  const count = (segments: typeof log): number =>
    segments.flat().filter(({ event }) => event.type === begunBy).length;
  return count(log) > count(was);
}
