import { readdir, statfs } from 'node:fs/promises';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { STATE_DIRECTORY } from '../../../state/state-directory.ts';
import type { Disk } from '../../sandbox/disk.ts';
import { partitionsOf } from '../cold-partitions.ts';
import { whileMounted } from '../mounted-read-only.ts';

/** What COS_STATE of a powered-off disk holds, in bytes on the disk. */
export interface Room {
  readonly segments: number;
  readonly log: number;
  /** What neither an image nor the memory of the tool takes: boot files, and what the file system keeps for itself. */
  readonly rest: number;
}

export async function roomOf(disk: Disk): Promise<Room> {
  const state = (await partitionsOf(disk.path)).find(({ name }) => name === 'state');
  if (state === undefined) throw new Error(`${disk.path} has no state partition`);
  const { offset, bytes } = state;
  const fileSystem = { file: disk.path, offset, bytes, journal: 'ignore' as const };
  return whileMounted([fileSystem], async ([root]) => {
    if (root === undefined) throw new Error('COS_STATE cannot be mounted');
    const { blocks, bfree, bsize } = await statfs(root);
    const events = join(root, STATE_DIRECTORY, 'events');
    const log = await allocated(events);
    const others =
      (await allocated(join(root, 'cOS'))) + (await allocated(join(root, STATE_DIRECTORY)));
    return {
      segments: (await readdir(events)).length,
      log,
      rest: (blocks - bfree) * bsize - log - others,
    };
  });
}

/** Of the files in a directory, not below it. */
async function allocated(directory: string): Promise<number> {
  let sum = 0;
  for (const name of await readdir(directory)) {
    const found = await lstat(join(directory, name));
    if (found.isFile()) sum += found.blocks * 512;
  }
  return sum;
}
