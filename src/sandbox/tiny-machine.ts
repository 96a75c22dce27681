import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildDisk, copyDisk, type Disk, type DiskRecipe } from './disk.ts';
import { makeTinyTree } from './tiny-tree.ts';

/** A disk with a tiny system on it, a newer tree to upgrade to, and as many copies of the disk as somebody wants. */
export interface TinyMachine {
  readonly folder: string;
  /** Root trees: what is installed, and what may be installed next. */
  readonly trees: { readonly v1: string; readonly v2: string };
  /** Never booted: take a `fresh` one. */
  readonly disk: Disk;
  fresh(): Promise<Disk>;
  destroy(): Promise<void>;
}

/** Makes a tiny machine in a temporary directory, without a network, in well under a second. */
export async function tinyMachine(
  recipe: Partial<Omit<DiskRecipe, 'path' | 'trees'>> & { readonly ballastBytes?: number } = {},
): Promise<TinyMachine> {
  const { ballastBytes = 0, ...rest } = recipe;
  const folder = await mkdtemp(join(tmpdir(), 'slotwright-tiny-'));
  const trees = { v1: join(folder, 'v1'), v2: join(folder, 'v2') };
  await makeTinyTree({ path: trees.v1, version: '1', ballastBytes });
  await makeTinyTree({ path: trees.v2, version: '2', ballastBytes });
  const disk = await buildDisk({
    ...rest,
    path: join(folder, 'disk.img'),
    trees: { active: trees.v1 },
  });
  let copies = 0;
  return {
    folder,
    trees,
    disk,
    fresh: () => copyDisk(disk, join(folder, `disk-${String((copies += 1))}.img`)),
    destroy: () => rm(folder, { recursive: true, force: true }),
  };
}
