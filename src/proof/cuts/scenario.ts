/** Something that is cut at every record, and what must have become of it once it has been carried on. */
import type { Before, DiskFacts } from '../laws.ts';
import { copyDisk, type Disk } from '../../sandbox/disk.ts';
import type { Slot } from '../../system/port.ts';
import { DEPLOY, RESET, RESUME, UPGRADE, UPGRADE_RECOVERY, type Rig } from './rig.ts';
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
    command: UPGRADE,
    // A boot unit resumes, an orchestrator asks again.
    carryOn: [RESUME, RESUME, UPGRADE],
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
    command: RESET,
    carryOn: [RESUME, RESET],
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
    command: UPGRADE_RECOVERY,
    carryOn: [RESUME, UPGRADE_RECOVERY],
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
    command: DEPLOY,
    carryOn: [RESUME, DEPLOY],
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
    command: [...UPGRADE, '--strict'],
    carryOn: [RESUME],
    // 0: killed after its last record, nothing is owed.
    ends: { active: installed, passive: installed, exits: [exit, 0] },
  };
}

/** Back to the previous system, on a machine that was upgraded and runs the new one. */
export async function rollbackScenario(rig: Rig): Promise<Scenario> {
  const { installed, next } = rig.contents;
  const start = await rig.fresh();
  const first = await rig.boot(start, 'active');
  await first.run(UPGRADE);
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
  const stopped = await runUntilRecord(booted, UPGRADE, recordOfHook);
  if (!('tool' in stopped)) throw new Error(`the upgrade ended: ${stopped.stderr}`);
  await kill(stopped, stopped.tool.pid);
  await booted.shutdown();
  return {
    name: 'abort after a kill',
    start,
    before: rig.before,
    command: ['elemental', 'abort'],
    carryOn: [['elemental', 'abort'], RESUME],
    ends: { active: installed, passive: installed, exits: [0] },
  };
}

/** Somewhere in the middle, with a target that is mounted and filled. */
const recordOfHook = 21;

/** One sentence for everything that is not as the ending says. */
export function missed(
  { images }: DiskFacts,
  { active, passive, recovery }: Ending,
): readonly string[] {
  const found = images['recovery.img']?.content;
  return [
    ...(recovery === undefined || found === recovery ? [] : ['recovery is not what it should be']),
    ...(images['active.img']?.content === active ? [] : ['active is not what it should be']),
    ...(images['passive.img']?.content === passive ? [] : ['passive is not what it should be']),
  ];
}

/** A copy to cut. */
export async function begin(rig: Rig, scenario: Scenario, number: number): Promise<Disk> {
  return copyDisk(scenario.start, join(rig.folder, `cut-${String(number)}.img`));
}
