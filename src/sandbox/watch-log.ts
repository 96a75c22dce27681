import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import { eventsDirectory } from '../../state/log-directory.ts';
import { STATE_DIRECTORY } from '../../state/state-directory.ts';
import type { Booted } from './boot.ts';

/** Type and step of a recorded event: enough to know how far an operation has come. */
export interface SeenEvent {
  readonly type: string;
  readonly step?: string | undefined;
}

/**
 * Watches the event log of a booted sandbox from outside. Resolves with the first event that the test accepts, or with
 * `undefined` when the signal is aborted before.
 */
export async function untilRecorded(
  booted: Booted,
  test: (event: SeenEvent) => boolean,
  signal: AbortSignal,
): Promise<SeenEvent | undefined> {
  const directory = eventsDirectory(booted.path(join('/run/initramfs/cos-state', STATE_DIRECTORY)));
  while (!signal.aborted) {
    const found = (await recorded(directory)).find(test);
    if (found !== undefined) return found;
    await delay(LOOK_EVERY_MS);
  }
  return undefined;
}

const LOOK_EVERY_MS = 3;
const RECORD = z.object({ event: z.object({ type: z.string(), step: z.string().optional() }) });

async function recorded(directory: string): Promise<readonly SeenEvent[]> {
  const names = await readdir(directory).catch(() => []);
  const events: SeenEvent[] = [];
  for (const name of names.filter((one) => one.endsWith('.jsonl'))) {
    const text = await readFile(join(directory, name), 'utf8').catch(() => '');
    for (const line of text.split('\n').slice(0, -1))
      events.push(RECORD.parse(JSON.parse(line)).event);
  }
  return events;
}
