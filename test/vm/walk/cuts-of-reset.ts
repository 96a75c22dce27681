import { rm } from 'node:fs/promises';
import type { CutArguments } from '../arguments.ts';
import type { BootedStart, WalkContext } from '../context.ts';
import { judgeAgainst } from '../judge.ts';
import { cutEach, cutTimes, measured } from './cut-each.ts';
import { chooseEntry } from './lifecycle.ts';

/** How a machine got into recovery, and where its next boot goes: to recovery again, or to active (docs/reset.md has that). */
const WAYS = [
  { title: 'the reset of a machine that stays in recovery', variable: 'saved_entry' },
  { title: 'the reset of a machine that was sent to recovery once', variable: 'next_entry' },
] as const;

/** The first machine comes back in recovery, and goes on. The second one comes back in active: what has not replaced that yet is undone. */
export async function resetCuts(context: WalkContext, given: CutArguments): Promise<void> {
  for (const [index, { title, variable }] of WAYS.entries()) {
    const start: BootedStart = {
      name: `recovery by ${variable}`,
      kind: 'busybox',
      prepare: async (disk) => chooseEntry(disk, 'recovery', variable),
    };
    const { machine, disk, original } = await context.part(
      `a machine in recovery: ${variable}`,
      () => context.booted(start),
    );
    const judge = await judgeAgainst(original, context.folder);
    let took = 0;
    try {
      took = await measured(context, 'a reset that nobody cuts', () =>
        machine.sure(RESET, LONG_MS),
      );
      await machine.shutdown();
      await context.part('its disk is judged', () => judge.end(disk.path));
    } finally {
      await machine.cutPower();
      await rm(disk.path);
    }
    await cutEach(context, {
      title,
      operation: 'reset',
      judge,
      times: cutTimes(given.reset, took, { ...given, seed: given.seed + 2 + index }),
      start,
      begin: async (running) => void running.run(RESET, LONG_MS).catch(() => undefined),
    });
  }
}

const RESET = ['elemental', 'reset'] as const;
const LONG_MS = 900_000;
