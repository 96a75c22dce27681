/** Something that is cut at every record, and what must have become of it once it has been carried on. */
import type { Before, DiskFacts } from '../laws.ts';
import { copyDisk, type Disk } from '../../sandbox/disk.ts';
import type { Slot } from '../../system/port.ts';
import { deployOf, resetTo, RESUME, upgradeRecoveryTo, upgradeTo, type Rig } from './rig.ts';
import { kill, runUntilRecord } from './stop.ts';
import { join } from 'node:path';

export interface Scenario {
  readonly name: string;
  /** The disk at its beginning, never booted itself. */
  readonly start: Disk;
  readonly before: Before;
  /** What runs while it is cut, and again when the power is back; default: active, and what the menu says. */
  readonly slot?: Slot;
  readonly command: readonly string[];
  /** Type of the record from which on it can be carried on; what was cut before is asked for again. Default: `operation.started`. */
  readonly begunBy?: 'operation.started' | 'rollback.requested';
  /** Asked for after the cut: in turn for one cut after the other. */
  readonly carryOn: readonly (readonly string[])[];
  /** Contents of the slots at the end, and the exit codes of the command that gets there. */
  readonly ends: Ending;
}

export interface Ending {
  readonly active: string;
  readonly passive: string;
  /** Where it changes. */
  readonly recovery?: string;
  readonly exits: readonly number[];
}

/** An upgrade that nothing goes wrong with, but for the cut. */
export function upgradeScenario(rig: Rig, start: Disk): Scenario {
  const { installed, next } = rig.contents;
  return {
    name: 'upgrade',
    start,
    before: rig.before,
    command: upgradeTo(rig.source),
    // A boot unit resumes, an orchestrator asks again.
    carryOn: [RESUME, RESUME, upgradeTo(rig.source)],
    ends: { active: next, passive: installed, exits: [0] },
  };
}

/** Both slots made anew from the recovery system, which is started again after the cut. */
export function resetScenario(rig: Rig, start: Disk): Scenario {
  const { next } = rig.contents;
  return {
    name: 'reset',
    start,
    before: rig.before,
    slot: 'recovery',
    command: resetTo(rig.source),
    carryOn: [RESUME, resetTo(rig.source)],
    ends: { active: next, passive: next, exits: [0] },
  };
}

/** The same from the passive system, which somebody chose or which is all that boots. */
export function upgradeFromPassiveScenario(rig: Rig, start: Disk): Scenario {
  return { ...upgradeScenario(rig, start), name: 'upgrade from passive', slot: 'passive' };
}

/** Another recovery system, while the active one runs or while the recovery runs that it replaces. */
export function recoveryUpgradeScenario(
  rig: Rig,
  start: Disk,
  slot: 'active' | 'recovery',
): Scenario {
  const { installed, next } = rig.contents;
  return {
    name: `upgrade of recovery, from ${slot}`,
    start,
    before: rig.before,
    slot,
    command: upgradeRecoveryTo(rig.source),
    carryOn: [RESUME, upgradeRecoveryTo(rig.source)],
    ends: { active: installed, passive: installed, recovery: next, exits: [0] },
  };
}

/** A machine that has lost both slots, filled again from its recovery system. */
export async function deployScenario(rig: Rig): Promise<Scenario> {
  const { next } = rig.contents;
  const start = await rig.fresh();
  const booted = await rig.boot(start, 'recovery');
  const { code, stderr } = await booted.run(['sh', '-c', LOSE_SLOTS]);
  await booted.shutdown();
  if (code !== 0) throw new Error(`the slots are still there: ${stderr}`);
  return {
    name: 'deploy',
    start,
    before: { ...rig.before, facts: await rig.facts(start), always: 'recovery' },
    slot: 'recovery',
    command: deployOf(rig.source),
    carryOn: [RESUME, deployOf(rig.source)],
    ends: { active: next, passive: next, exits: [0] },
  };
}

const LOSE_SLOTS = `
set -eu
mount /dev/disk/by-label/COS_STATE /mnt
rm /mnt/cOS/active.img /mnt/cOS/passive.img
umount /mnt
`;

/** An upgrade whose hook fails, and counts: it is undone. The rig has to have such a hook. */
export function undoScenario(rig: Rig, start: Disk, exit: number): Scenario {
  const { installed } = rig.contents;
  return {
    name: 'undo of an upgrade with a failing hook',
    start,
    before: rig.before,
    command: [...upgradeTo(rig.source), '--strict'],
    carryOn: [RESUME],
    // 0: killed after its last record, nothing is owed.
    ends: { active: installed, passive: installed, exits: [exit, 0] },
  };
}

/** The same of the recovery system. */
export function undoRecoveryScenario(rig: Rig, start: Disk, exit: number): Scenario {
  return {
    ...undoScenario(rig, start, exit),
    name: 'undo of an upgrade of recovery with a failing hook',
    command: [...upgradeRecoveryTo(rig.source), '--strict'],
  };
}

/** An upgrade that finds the disk full half-way: it is undone. The rig has to have a hook that fills it. */
export function fullDiskScenario(rig: Rig, start: Disk, exits: readonly number[]): Scenario {
  const { installed } = rig.contents;
  return {
    name: 'undo of an upgrade that fills the disk',
    start,
    before: rig.before,
    command: upgradeTo(rig.source),
    carryOn: [RESUME],
    ends: { active: installed, passive: installed, exits },
  };
}

/** Back to the previous system, on a machine that was upgraded and runs the new one. */
export async function rollbackScenario(rig: Rig): Promise<Scenario> {
  const { installed, next } = rig.contents;
  const start = await rig.fresh();
  const first = await rig.boot(start, 'active');
  await first.run(upgradeTo(rig.source));
  await first.shutdown();
  const facts = await rig.facts(start);
  return {
    name: 'rollback',
    start,
    before: { facts, lastGood: next, hookFiles: [] },
    command: ['elemental', 'rollback'],
    carryOn: [RESUME],
    ends: { active: installed, passive: next, exits: [0] },
  };
}

/** Taking back an upgrade that was killed inside its hook. */
export async function abortScenario(rig: Rig): Promise<Scenario> {
  const { installed } = rig.contents;
  const start = await rig.fresh();
  const booted = await rig.boot(start, 'active');
  const stopped = await runUntilRecord(booted, upgradeTo(rig.source), recordOfHook);
  if (!('tool' in stopped)) throw new Error(`the upgrade ended: ${stopped.stderr}`);
  await kill(stopped, stopped.tool.pid);
  await booted.shutdown();
  return {
    name: 'abort after a kill',
    start,
    before: rig.before,
    command: ['elemental', 'abort'],
    begunBy: 'rollback.requested',
    carryOn: [['elemental', 'abort'], RESUME],
    ends: { active: installed, passive: installed, exits: [0] },
  };
}

/** Somewhere in the middle, with a target that is mounted and filled. */
const recordOfHook = 21;

/** One sentence for everything that is not as the ending says. */
export function missed(
  { images }: DiskFacts,
  ends: Ending,
  differences: (content: string) => readonly string[] = () => [],
): readonly string[] {
  return (['active', 'passive', 'recovery'] as const).flatMap((slot) => {
    const found = images[`${slot}.img`]?.content;
    if (ends[slot] === undefined || found === ends[slot]) return [];
    const paths = found === undefined ? [] : differences(found);
    const where = paths.length === 0 ? '' : `, in ${paths.slice(0, MANY).join(', ')}`;
    const more = paths.length > MANY ? ` and ${String(paths.length - MANY)} others` : '';
    return [`${slot} is not what it is when nothing is cut${where}${more}`];
  });
}

const MANY = 5;

/** A copy to cut. */
export async function begin(rig: Rig, scenario: Scenario, number: number): Promise<Disk> {
  return copyDisk(scenario.start, join(rig.folder, `cut-${String(number)}.img`));
}
