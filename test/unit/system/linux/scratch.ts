import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';

/** A directory that goes away with the test. */
export async function scratch(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'slotwright-linux-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
