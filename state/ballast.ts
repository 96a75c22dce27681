/** A file of real blocks, given up when the disk is full so that the failure and the undo can still be recorded. */
import type { Stats } from 'node:fs';
import { lstat, open, rename, rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import { allocate } from './allocate.ts';
import { NEW_FILE, syncDirectory, temporaryName } from './durable-file.ts';
import { hasCode } from './log-directory.ts';

/** Four MiB: some ten thousand records. */
export const BALLAST_BYTES = 4 * 1024 * 1024;

/** Where the ballast of a state directory is. */
export function ballastPath(directory: string): string {
  return path.join(directory, 'ballast');
}

/**
 * Makes the ballast when it is missing and four times its size is free. True when it is there afterwards; no error is thrown for
 * want of space.
 */
export async function ensureBallast(directory: string, bytes = BALLAST_BYTES): Promise<boolean> {
  const held = await lstat(ballastPath(directory)).catch(() => undefined);
  if (held !== undefined && isWhole(held, bytes)) return true;
  const { bavail, bsize } = await statfs(directory);
  if (bavail * bsize < 4 * bytes) return held !== undefined;
  const temporary = temporaryName(directory);
  try {
    const handle = await open(temporary, NEW_FILE, 0o600);
    try {
      if (!(await allocate(handle.fd, 0, bytes))) return false;
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, ballastPath(directory));
  } catch (error) {
    if (hasCode(error, 'ENOSPC', 'EDQUOT')) return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  await syncDirectory(directory);
  return true;
}

/** Bytes that making it would take now. */
export async function ballastToCome(directory: string, bytes = BALLAST_BYTES): Promise<number> {
  const held = await lstat(ballastPath(directory)).catch(() => undefined);
  if (held !== undefined && isWhole(held, bytes)) return 0;
  // The directory itself may still have to be made.
  const found = await statfs(path.dirname(directory)).catch(() => undefined);
  return found !== undefined && found.bavail * found.bsize < 4 * bytes ? 0 : bytes;
}

function isWhole(held: Stats, bytes: number): boolean {
  return held.isFile() && held.size >= bytes && held.blocks * 512 >= bytes;
}

/** Gives the blocks back, durably, so that the next write finds them; true when there were any. */
export async function freeBallast(directory: string): Promise<boolean> {
  try {
    await rm(ballastPath(directory));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
  // Blocks can be given out again only when the removal is committed.
  await syncDirectory(directory);
  return true;
}
