import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { CutArguments } from '../arguments.ts';
import type { BootedStart, WalkContext, WorkingDisk } from '../context.ts';
import { judgeAgainst, type Judge } from '../judge.ts';
import type { Machine } from '../machine.ts';
import { outcomesOf, settled } from './come-back.ts';
import { cutTimes } from './cut-each.ts';
import { INSTALL, installationMedium } from './install.ts';
import { text } from './lifecycle.ts';

/** What was on the disk after a cut, for its firmware. */
type Found = 'no system' | 'a system';

/**
 * The plug is pulled during an installation, and the machine powered on with the medium still in it. Either the disk starts, and has a whole
 * system; or the medium does, and the same installation goes on or starts over.
 */
export async function installCuts(context: WalkContext, given: CutArguments): Promise<void> {
  const medium = await installationMedium(context);
  const start: BootedStart = {
    name: 'live',
    kind: 'empty',
    options: { drives: [{ file: medium, mode: 'disc' }], mebibytes: 1024 },
  };
  const { machine, disk } = await context.part('a live system', () => context.booted(start));
  const from = performance.now();
  let took = 0;
  try {
    await context.part('an installation that nobody cuts', () => machine.sure(INSTALL, LONG_MS));
    took = performance.now() - from;
    await machine.shutdown();
  } finally {
    await machine.cutPower();
  }
  await bootsAlone(context, disk);
  const judge = await judgeAgainst(disk.path, context.folder);
  await rm(disk.path);

  const times = cutTimes(given.install, took, { ...given, seed: given.seed + 4 });
  const tally: Record<Found, number> = { 'no system': 0, 'a system': 0 };
  for (const after of times) {
    await context.part(`cut: the installation after ${String(after)} ms`, async () => {
      tally[await cutInstallation(context, { start, after, judge })] += 1;
    });
  }
  const { 'no system': none, 'a system': whole } = tally;
  context.note(
    `${String(times.length)} cuts of the installation: ${String(none)} installed again from the medium, ${String(whole)} had a whole system`,
  );
}

interface Cut {
  readonly start: BootedStart;
  /** Milliseconds after it was asked for. */
  readonly after: number;
  readonly judge: Judge;
}

async function cutInstallation(context: WalkContext, { start, after, judge }: Cut): Promise<Found> {
  const { machine, disk } = await context.booted(start);
  try {
    void machine.run(INSTALL, LONG_MS).catch(() => undefined);
    await delay(after);
  } finally {
    await machine.cutPower();
  }
  const found = await withMedium(context, disk, start);
  await bootsAlone(context, disk);
  await judge.end(disk.path);
  await rm(disk.path);
  return found;
}

async function withMedium(
  { note, check }: WalkContext,
  disk: WorkingDisk,
  { options }: BootedStart,
): Promise<Found> {
  const machine = await disk.start(options ?? {});
  try {
    const { mode, version } = await machine.ready(LONG_MS);
    if (mode !== 'live') {
      check(mode === 'active' && version === '1.0', 'the disk starts: it has a whole system');
      await settled(machine);
      await machine.shutdown();
      return 'a system';
    }
    const { output } = await again(machine);
    note(`the medium starts: ${output}`);
    await machine.shutdown();
    return 'no system';
  } finally {
    await machine.cutPower();
  }
}

/** The same installation once more; answers with what the log then tells. */
async function again(machine: Machine): Promise<{ readonly output: string }> {
  await machine.sure(INSTALL, LONG_MS);
  return { output: (await outcomesOf(machine)).told };
}

async function bootsAlone({ check }: WalkContext, disk: WorkingDisk): Promise<void> {
  const machine = await disk.start();
  try {
    const { mode, version } = await machine.ready(LONG_MS);
    await machine.seen(/login: $/, LONG_MS);
    await settled(machine);
    check(mode === 'active' && version === '1.0', 'the disk starts by itself');
    check((await text(machine, '/etc/mark')) === 'install', 'with what the hook put into it');
    const { owes, told } = await outcomesOf(machine);
    check(!owes, `and owes nothing (${told})`);
    await machine.shutdown();
  } finally {
    await machine.cutPower();
  }
}

const LONG_MS = 1_800_000;
