import { openMedium } from './datasource/medium.ts';
import { EntryError } from './entry-error.ts';
import { mountPointOf } from './layout-mounts.ts';
import type { PartContext } from './part.ts';
import { withPrivateMount } from './private-mount.ts';
import { endOf, isSuccess, runProgram } from './run-program.ts';

/** A partition that is to be filled by its file system. */
export interface GrowingFileSystem {
  readonly node: string;
  /** As blkid names it; empty when it finds none. */
  readonly type: string;
  /** Of the partition. */
  readonly bytes: number;
}

/** A file system may stop this far before the end of its partition: what is left is no whole group. */
const slack = 4 * 1024 * 1024;

const growing: Readonly<Record<string, readonly string[]>> = {
  ext2: ['e2fsck', 'resize2fs'],
  ext3: ['e2fsck', 'resize2fs', 'unshare'],
  ext4: ['e2fsck', 'resize2fs', 'unshare'],
  xfs: ['xfs_growfs', 'unshare'],
  btrfs: ['btrfs', 'unshare'],
};

/** What has a size of its own and does not mind a larger partition. */
const containers = ['crypto_LUKS', 'LVM2_member', ''];

/**
 * What comes of the content when a partition grows, and the programs for it. `stays`: it is not ours to grow. Content that
 * cannot grow, or that looks for its end at the end of the partition, is an `EntryError`.
 */
export function growthOf({ node, type }: Pick<GrowingFileSystem, 'node' | 'type'>):
  | {
      readonly content: 'grows';
      readonly tools: readonly string[];
    }
  | { readonly content: 'stays' } {
  const tools = Object.hasOwn(growing, type) ? growing[type] : undefined;
  if (tools !== undefined) {
    return { content: 'grows', tools };
  }
  if (containers.includes(type)) {
    return { content: 'stays' };
  }
  throw new EntryError(`${node} is not made larger: what is on it (${type}) cannot grow`);
}

/** Whether the file system is smaller than its partition, so that an earlier growth was interrupted. */
export async function isBehind(
  { node, type, bytes }: GrowingFileSystem,
  context: PartContext,
): Promise<boolean> {
  const size = await fileSystemBytes(node, type, context);
  return size !== undefined && size + slack < bytes;
}

/**
 * Grows a file system to the size of its partition, mounted or not. Where the kernel does it, its journal keeps a power cut
 * from hurting, so one that is not mounted is mounted for it where nobody sees it. ext2 has no journal: it is grown unmounted.
 */
export async function growFileSystem(
  { node, type }: GrowingFileSystem,
  context: PartContext,
): Promise<void> {
  const at = await mountPointOf(node, context);
  switch (type) {
    case 'ext2':
    case 'ext3':
    case 'ext4':
      return at === undefined
        ? growUnmountedExt(node, type, context)
        : runProgram(context, ['resize2fs', node]);
    case 'xfs':
      return mounted({ node, type, at }, (place) => ['xfs_growfs', place], context);
    case 'btrfs':
      return mounted(
        { node, type, at },
        (place) => ['btrfs', 'filesystem', 'resize', 'max', place],
        context,
      );
  }
}

async function growUnmountedExt(node: string, type: string, context: PartContext): Promise<void> {
  await repair(['e2fsck', '-p', node], context);
  if (type !== 'ext2') {
    const mount = { source: node, types: type, options: 'nosuid,nodev,noexec' };
    const result = await withPrivateMount(mount, () => ['resize2fs', node], context);
    if (isSuccess(result)) {
      return;
    }
  }
  // The kernel cannot, or this process may not ask it to.
  await repair(['e2fsck', '-f', '-p', node], context);
  await runProgram(context, ['resize2fs', node]);
}

/** 1: something was found and is repaired. */
async function repair(argv: readonly [string, ...string[]], context: PartContext): Promise<void> {
  const result = await context.exec(argv);
  if (result.ended !== 'exited' || result.code > 1) {
    throw new EntryError(`\`${argv.join(' ')}\` ${endOf(result)}`);
  }
}

async function mounted(
  {
    node,
    type,
    at,
  }: { readonly node: string; readonly type: string; readonly at: string | undefined },
  words: (at: string) => readonly [string, ...string[]],
  context: PartContext,
): Promise<void> {
  if (at !== undefined) {
    return runProgram(context, words(at));
  }
  const mount = { source: node, types: type, options: 'nosuid,nodev,noexec' };
  const result = await withPrivateMount(mount, words, context);
  if (!isSuccess(result)) {
    throw new EntryError(`\`${words(node).join(' ')}\` ${endOf(result)}`);
  }
}

async function fileSystemBytes(
  node: string,
  type: string,
  context: PartContext,
): Promise<number | undefined> {
  const read = openMedium(node, context);
  switch (type) {
    case 'ext2':
    case 'ext3':
    case 'ext4': {
      const block = await read(1024, 1024);
      const has64Bit = (block.readUInt32LE(0x60) & 0x80) !== 0;
      const high = has64Bit ? block.readUInt32LE(0x150) : 0;
      return (high * 2 ** 32 + block.readUInt32LE(4)) * 1024 * 2 ** block.readUInt32LE(0x18);
    }
    case 'xfs': {
      const block = await read(0, 512);
      return Number(block.readBigUInt64BE(8)) * block.readUInt32BE(4);
    }
    case 'btrfs': {
      const block = await read(64 * 1024, 4096);
      return Number(block.readBigUInt64LE(0xd1));
    }
    default:
      return undefined;
  }
}
