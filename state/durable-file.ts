/** Files and directories that are there after a power cut, or not at all. */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { constants } from 'node:fs';
import path from 'node:path';

/**
 * Replaces or creates a file: resolves when content, mode and name are on disk; before that the old file stands whole.
 * A link at the target's name is replaced, never followed.
 */
export async function writeDurably(
  file: string,
  content: string | Uint8Array,
  mode: number,
): Promise<void> {
  const directory = path.dirname(file);
  const temporary = temporaryName(directory);
  try {
    const handle = await open(temporary, NEW_FILE, 0o600);
    try {
      await handle.writeFile(content);
      await handle.chmod(mode);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(directory);
}

/** A name that nobody can guess, for a file that is not finished; {@link removeLeftovers} knows it. */
export function temporaryName(directory: string): string {
  return path.join(directory, `${PREFIX}${randomBytes(12).toString('hex')}`);
}

/** Removes temporary files that a crash inside {@link writeDurably} left in this directory. Only the lock's holder may call it. */
export async function removeLeftovers(directory: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => LEFTOVER.test(name));
  for (const name of names) await rm(path.join(directory, name), { force: true });
  if (names.length > 0) await syncDirectory(directory);
}

/** Makes what happened to the names in a directory durable. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a directory and its missing parents, durably; what exists keeps its mode. */
export async function makeDirectoryDurably(directory: string, mode: number): Promise<void> {
  const first = await mkdir(directory, { recursive: true, mode });
  if (first === undefined) return;
  for (let made = directory; made !== path.dirname(first); made = path.dirname(made)) {
    await syncDirectory(made);
  }
  await syncDirectory(path.dirname(first));
}

/** Flags for a file that must not exist yet, not even as a link. */
export const NEW_FILE =
  constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

const PREFIX = '.slotwright-tmp-';
const LEFTOVER = /^\.slotwright-tmp-[0-9a-f]{24}$/;
