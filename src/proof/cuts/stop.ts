import { setTimeout as delay } from 'node:timers/promises';
import type { Booted } from '../../sandbox/boot.ts';
import type { Outcome } from '../../sandbox/inside.ts';
import { processesOf, type LiveProcess } from './live-machine.ts';

/** A command that stands still right after one of its records became durable. */
export interface Stopped {
  /** The process that stopped itself. */
  readonly tool: LiveProcess;
  /** The process that a person started and that waits for the tool. */
  readonly wrapper: number;
  readonly outcome: Promise<Outcome>;
}

/** Runs a command until it stops after its n-th record; its outcome when it ends before. */
export async function runUntilRecord(
  booted: Booted,
  argv: readonly string[],
  record: number,
): Promise<Stopped | Outcome> {
  const { outcome } = booted.spawn(argv, { env: { SLOTWRIGHT_STOP_AFTER_RECORD: String(record) } });
  const end: { outcome?: Outcome } = {};
  void outcome.then((value) => (end.outcome = value));
  for (;;) {
    const tool = (await processesOf(booted)).find(({ state }) => state === 'T');
    if (tool !== undefined) return { tool, wrapper: tool.parent, outcome };
    if (end.outcome !== undefined) return end.outcome;
    await delay(LOOK_EVERY_MS);
  }
}

const LOOK_EVERY_MS = 12;

/** Kills a stopped command and waits until it is gone. */
export async function kill({ outcome }: Stopped, pid: number): Promise<Outcome> {
  process.kill(pid, 'SIGKILL');
  return outcome;
}
