import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Slot } from '../system/port.ts';
import { makeFileSystem, makeImage, type SandboxFileSystem } from './file-system.ts';
import { hostCommand } from './host-command.ts';
import { bootFiles, stateYaml } from './installed-files.ts';
import {
  PARTITION_LABELS,
  SANDBOX_PARTITIONS,
  writePartitionTable,
  type SandboxPartition,
} from './partition-table.ts';

/** What a disk is made of. */
export interface DiskRecipe {
  /** The disk file to make; an existing one is replaced. */
  readonly path: string;
  /** Root tree of each slot; passive and recovery are copies of active unless they are given. */
  readonly trees: Readonly<{ active: string; passive?: string; recovery?: string }>;
  /** Files of COS_OEM: path below it and text. Mode 0600: hooks may hold secrets. */
  readonly oem?: Readonly<Record<string, string>>;
  /** Directory whose content COS_PERSISTENT gets. */
  readonly persistent?: string;
  /** Type of the state partition. Default ext4. */
  readonly stateFs?: SandboxFileSystem;
  /** Sizes in MiB where the computed ones will not do. `image` is that of each slot. */
  readonly mebibytes?: Partial<Record<SandboxPartition | 'image', number>>;
}

/** A disk file as an installed system leaves it. */
export interface Disk {
  readonly path: string;
}

/** File-system label inside the image of each slot. */
export const SLOT_LABELS = {
  active: 'COS_ACTIVE',
  passive: 'COS_PASSIVE',
  recovery: 'COS_SYSTEM',
} as const satisfies Record<Slot, string>;

/** Makes the disk of an installed system (three images, labels, boot files, state.yaml) without mounting anything. */
export async function buildDisk(recipe: DiskRecipe): Promise<Disk> {
  await mkdir(dirname(recipe.path), { recursive: true });
  const staging = await mkdtemp(join(dirname(recipe.path), '.disk-'));
  try {
    const image = recipe.mebibytes?.image ?? (await imageMebibytes(recipe.trees.active));
    const sizes = { ...computedSizes(image, recipe.stateFs ?? 'ext4'), ...recipe.mebibytes };
    await stage(staging, recipe, image * MIB);
    await rm(recipe.path, { force: true });
    const extents = await writePartitionTable(recipe.path, sizes);
    for (const name of SANDBOX_PARTITIONS) {
      await makeFileSystem({
        disk: recipe.path,
        extent: extents[name],
        label: PARTITION_LABELS[name],
        type: name === 'state' ? (recipe.stateFs ?? 'ext4') : 'ext4',
        content:
          name === 'persistent' ? (recipe.persistent ?? join(staging, name)) : join(staging, name),
      });
    }
    return { path: recipe.path };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Copies a disk, holes staying holes and blocks being shared where the file system can: milliseconds for a tiny disk. */
export async function copyDisk(disk: Disk, to: string): Promise<Disk> {
  await hostCommand('cp', ['--sparse=auto', '--reflink=auto', '--', disk.path, to]);
  return { path: to };
}

const MIB = 1024 * 1024;

function computedSizes(
  image: number,
  stateFs: SandboxFileSystem,
): Record<SandboxPartition, number> {
  // Three images side by side, the new one with the 256 MiB that every image gets beyond its content (spec 1.2).
  const state = image * 3 + Math.ceil(image / 4) + 256 + 128;
  return {
    oem: 64,
    recovery: image * 2 + Math.ceil(image / 4) + 32,
    /** mkfs.xfs makes nothing smaller than 300 MiB. */
    state: stateFs === 'xfs' ? Math.max(state, 320) : state,
    persistent: 256,
  };
}

/** A third of slack: inode tables, reserved blocks and what hooks add. */
async function imageMebibytes(tree: string): Promise<number> {
  const report = await hostCommand('du', ['--summarize', '--block-size=1M', tree]);
  const used = Number.parseInt(report, 10);
  return used + Math.ceil(used / 3) + 8;
}

/** Lays out, as directories, what each partition will hold. */
async function stage(staging: string, recipe: DiskRecipe, imageBytes: number): Promise<void> {
  const { active, passive, recovery } = recipe.trees;
  for (const name of SANDBOX_PARTITIONS)
    await mkdir(join(staging, name, 'cOS'), { recursive: true });
  for (const name of ['oem', 'persistent'])
    await rm(join(staging, name, 'cOS'), { recursive: true });

  const places = {
    active: join(staging, 'state/cOS/active.img'),
    passive: join(staging, 'state/cOS/passive.img'),
    recovery: join(staging, 'recovery/cOS/recovery.img'),
  };
  await makeImage(places.active, { tree: active, label: SLOT_LABELS.active, bytes: imageBytes });
  for (const [slot, tree] of [['passive', passive] as const, ['recovery', recovery] as const]) {
    const label = SLOT_LABELS[slot];
    if (tree === undefined) await copyImage(places.active, places[slot], label);
    else await makeImage(places[slot], { tree, label, bytes: imageBytes });
  }

  const yaml = stateYaml(new Date());
  await writeFile(join(staging, 'state/state.yaml'), yaml);
  await writeFile(join(staging, 'recovery/state.yaml'), yaml);
  for (const [path, content] of Object.entries(bootFiles()))
    await write(join(staging, 'state', path), content, 0o644);
  for (const [path, text] of Object.entries(recipe.oem ?? {}))
    await write(join(staging, 'oem', path), text, 0o600);
}

async function copyImage(from: string, to: string, label: string): Promise<void> {
  await hostCommand('cp', ['--sparse=auto', '--reflink=auto', from, to]);
  await hostCommand('tune2fs', ['-L', label, to]);
}

async function write(path: string, content: string | Buffer, mode: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content, { mode });
}
