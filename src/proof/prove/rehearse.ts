/** An operation that nobody cuts, twice: what it comes to is what every cut has to come to. */
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SystemError } from '../../errors.ts';
import type { Disk } from '../../sandbox/disk.ts';
import type { Slot } from '../../system/port.ts';
import { told } from '../cuts/carry-on.ts';
import type { Rig } from '../cuts/rig.ts';
import {
  begin,
  deployScenario,
  recoveryUpgradeScenario,
  resetScenario,
  rollbackScenario,
  upgradeFromPassiveScenario,
  upgradeScenario,
  type Scenario,
} from '../cuts/scenario.ts';
import { partitionsOf } from '../cold-partitions.ts';
import { BOOT_IMAGES } from '../disk-facts.ts';
import type { DiskFacts } from '../laws.ts';
import { whileMounted } from '../mounted-read-only.ts';
import { treeEntries } from '../tree-entries.ts';
import { differencesOf, type ProofMachine } from './machine.ts';
import type { OperationName } from './points.ts';

/** An operation that can be cut. */
export interface Rehearsed {
  readonly rig: Rig;
  readonly scenario: Scenario;
  /** Records that it appends. */
  readonly records: number;
  /** Of one run. */
  readonly seconds: number;
  /** Paths of the new system that differ from run to run, by its hooks: nothing is said about them. */
  readonly leftOut: readonly string[];
  /** Hooks that failed, one clause each; without --strict that stops nothing. */
  readonly failedHooks: readonly string[];
}

interface Known {
  readonly make: (rig: Rig) => Promise<Scenario>;
  /** Where the system is at the end that the image became. */
  readonly slot: Slot;
}

const OPERATIONS: Readonly<Record<OperationName, Known>> = {
  upgrade: { make: async (rig) => upgradeScenario(rig, await rig.fresh()), slot: 'active' },
  'upgrade-from-passive': {
    make: async (rig) => upgradeFromPassiveScenario(rig, await rig.fresh()),
    slot: 'active',
  },
  'upgrade-recovery': {
    make: async (rig) => recoveryUpgradeScenario(rig, await rig.fresh(), 'active'),
    slot: 'recovery',
  },
  reset: { make: async (rig) => resetScenario(rig, await rig.fresh()), slot: 'active' },
  deploy: { make: deployScenario, slot: 'active' },
  rollback: { make: rollbackScenario, slot: 'passive' },
};

export async function rehearse(
  { rig, knowing }: ProofMachine,
  operation: OperationName,
): Promise<Rehearsed> {
  const { make, slot } = OPERATIONS[operation];
  const scenario = await make(rig);
  const first = await run(rig, scenario, slot, 1);
  const second = await run(rig, scenario, slot, 2);
  const leftOut = differencesOf(first.entries, second.entries);
  const known = await knowing(first.entries, new Set(leftOut));
  const { installed, next } = known.contents;
  // Made while nothing was known: the installed system is what is there before, the next one what it comes to.
  const atEnd = contentsAfter(operation, installed, next);
  const before = {
    ...scenario.before,
    facts: await known.facts(scenario.start),
    lastGood: operation === 'rollback' ? next : installed,
    hookFiles: [
      ...changed(scenario.before.facts, first.facts),
      ...changed(first.facts, second.facts),
    ],
  };
  return {
    rig: known,
    scenario: { ...scenario, before, ends: { ...scenario.ends, ...atEnd } },
    records: recordsIn(first.facts) - recordsIn(scenario.before.facts),
    seconds: first.seconds,
    leftOut,
    failedHooks: failedIn(first.facts),
  };
}

function contentsAfter(operation: OperationName, installed: string, next: string) {
  switch (operation) {
    case 'upgrade':
    case 'upgrade-from-passive':
      return { active: next, passive: installed };
    case 'upgrade-recovery':
      return { active: installed, passive: installed, recovery: next };
    case 'reset':
    case 'deploy':
      return { active: next, passive: next };
    case 'rollback':
      return { active: installed, passive: next };
  }
}

interface Run {
  readonly entries: ReadonlyMap<string, string>;
  readonly facts: DiskFacts;
  readonly seconds: number;
}

async function run(rig: Rig, scenario: Scenario, slot: Slot, number: number): Promise<Run> {
  const disk = await begin(rig, scenario, number);
  try {
    const booted = await rig.boot(disk, scenario.slot ?? 'active');
    const from = performance.now();
    const outcome = await booted.run(scenario.command).finally(() => booted.shutdown());
    const seconds = (performance.now() - from) / 1000;
    if (outcome.code !== 0) throw failed(scenario, outcome);
    const facts = await rig.facts(disk);
    return { entries: await entriesOf(rig, disk, slot), facts, seconds };
  } finally {
    await rm(disk.path);
  }
}

/** Everything in the image of a slot. */
async function entriesOf(
  { folder }: Rig,
  disk: Disk,
  slot: Slot,
): Promise<ReadonlyMap<string, string>> {
  const partition = (await partitionsOf(disk.path)).find(({ name }) => name === BOOT_IMAGES[slot]);
  const { offset = 0, bytes = 0 } = partition ?? {};
  const image = join(folder, 'rehearsed.img');
  await whileMounted([{ file: disk.path, offset, bytes, journal: 'replay' }], ([root = '']) =>
    copyFile(`${root}/cOS/${slot}.img`, image),
  );
  const entries = await whileMounted([{ file: image, journal: 'ignore' }], ([root = '']) =>
    treeEntries(root),
  );
  await rm(image);
  return entries;
}

/** Files of the user that the hooks of this operation change. */
function changed({ userData: was }: DiskFacts, { userData: is }: DiskFacts): readonly string[] {
  const paths = new Set([...Object.keys(was), ...Object.keys(is)]);
  return [...paths].filter((path) => was[path] !== is[path]);
}

function recordsIn({ log }: DiskFacts): number {
  return 'damage' in log ? 0 : log.reduce((sum, segment) => sum + segment.length, 0);
}

function failedIn({ log }: DiskFacts): readonly string[] {
  if ('damage' in log) return [];
  return (log.at(-1) ?? []).flatMap(({ event }) =>
    event.type === 'hook.failed' ? [`${event.source}: ${event.error}`] : [],
  );
}

function failed(
  { command }: Scenario,
  outcome: { readonly code: number; readonly stderr: string },
): SystemError {
  return new SystemError({
    code: 'fails-uncut',
    message: `"${command.join(' ')}" does not succeed, although nothing cuts it`,
    reason: `it ended with ${told(outcome)}`,
    hint: 'mend that first; "slotwright sandbox create --hooks FILE --next IMAGE" makes a machine to try it on',
    exit: outcome.code,
  });
}
