import { lstat, open, rm, stat } from 'node:fs/promises';
import { EXIT } from '../../exit-codes.ts';
import { SystemError } from '../../errors.ts';
import { CommandError } from './command-error.ts';
import { doing, ifThere } from './file-error.ts';
import { readSuperblock } from './superblock.ts';
import type { Effort } from '../port.ts';
import type { Exec } from './exec.ts';
import type { Superblock } from './superblock.ts';

/** Makes a sparse file with an empty file system; its name is free again when that fails. */
export async function createImage(
  exec: Exec,
  path: string,
  image: { readonly bytes: number; readonly label: string; readonly fs: string },
): Promise<void> {
  const features = FEATURES[image.fs];
  if (features === undefined) {
    throw new SystemError({
      code: 'image-unsupported',
      message: `an image cannot be made with the file system ${image.fs}`,
      hint: 'use ext2 or ext4',
      exit: EXIT.createImage,
    });
  }
  refuseLongLabel(image.label);
  await doing(`make ${path}`, async () => {
    const file = await open(path, 'wx', 0o644);
    try {
      await file.truncate(image.bytes);
    } finally {
      await file.close();
    }
  });
  await removedOnFailure(path, () =>
    exec.change('mke2fs', [
      ...['-q', '-F', '-t', image.fs, '-O', features, '-L', image.label],
      ...['-b', '4096', '-I', '256', '-i', String(bytesPerInode(image.bytes)), '-m', '0'],
      ...['-E', 'lazy_itable_init=0,lazy_journal_init=0', '--', path],
    ]),
  );
}

/** Copies an image under a free name; zeroes become holes, blocks are shared where the file system can. */
export async function copyImage(
  exec: Exec,
  from: string,
  to: string,
  effort: Effort,
): Promise<void> {
  await mustBeFree(to);
  const { size } = await doing(`look at ${from}`, () => stat(from));
  const options = ['--reflink=auto', '--sparse=always', '--no-target-directory'];
  await removedOnFailure(to, () =>
    exec.change('cp', [...options, '--', from, to], {
      signal: effort.signal,
      timeoutMs: Infinity,
    }),
  );
  effort.report?.({ doneBytes: size, totalBytes: size });
}

/** Makes a squashfs of a tree under a free name (block size as the reference's); its name is free again when that fails. */
export async function packTree(
  exec: Exec,
  {
    tree,
    to,
    options,
  }: { readonly tree: string; readonly to: string; readonly options: readonly string[] },
  effort: Effort,
): Promise<void> {
  await mustBeFree(to);
  const plain = ['-noappend', '-no-progress', '-quiet', '-b', '1024k'];
  await removedOnFailure(to, () =>
    exec.change('mksquashfs', [`${tree}/.`, to, ...plain, ...options, '-e', 'lost+found'], {
      signal: effort.signal,
      timeoutMs: Infinity,
    }),
  );
  const { size } = await doing(`look at ${to}`, () => stat(to));
  effort.report?.({ doneBytes: size, totalBytes: size });
}

async function mustBeFree(path: string): Promise<void> {
  if ((await ifThere(`look at ${path}`, () => lstat(path))) === undefined) return;
  throw new SystemError({ code: 'exists', message: `${path} is there already` });
}

/** Changes the label in its place; squashfs has none to change. */
export async function relabelImage(exec: Exec, path: string, label: string): Promise<void> {
  refuseLongLabel(label);
  const { fs } = await readSuperblock(path);
  if (fs === 'squashfs') {
    throw new SystemError({
      code: 'label-impossible',
      message: `${path} cannot be given a label`,
      reason: 'squashfs has none',
      exit: EXIT.labelImage,
    });
  }
  await exec.change('tune2fs', ['-L', label, '--', path]);
}

/** Checks an unmounted image and changes nothing: ext by `e2fsck -fn`, squashfs by its superblock and length. */
export async function checkImage(exec: Exec, path: string, effort: Effort): Promise<void> {
  const superblock = await readSuperblock(path).catch((error: unknown) => {
    throw damaged(path, 'its superblock cannot be read', error);
  });
  await refuseCut(path, superblock);
  if (superblock.fs === 'squashfs') return;
  try {
    // Not `read`: it takes long enough to outlive a killed process.
    await exec.change('e2fsck', ['-f', '-n', '--', path], {
      signal: effort.signal,
      timeoutMs: Infinity,
    });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw damaged(path, error.reason ?? `e2fsck ended with ${error.exitCode}`, error);
  }
}

/**
 * Features by name, not by the host's defaults: GRUB reads images, and the features that newer e2fsprogs turn on
 * (`orphan_file`, `metadata_csum_seed`) are unknown to GRUB 2.06, as their names are to older e2fsprogs.
 */
const FEATURES: Readonly<Record<string, string | undefined>> = {
  ext2: 'none,ext_attr,resize_inode,dir_index,filetype,sparse_super,large_file',
  ext4: 'none,has_journal,ext_attr,resize_inode,dir_index,filetype,sparse_super,large_file,extent,huge_file,flex_bg,metadata_csum,64bit,dir_nlink,extra_isize',
};

/** Trees of small files need many inodes; they cost 3 (6) per cent of the image. */
const bytesPerInode = (bytes: number): number => (bytes < 2 ** 30 ? 4096 : 8192);

const refuseCut = async (path: string, superblock: Superblock): Promise<void> => {
  const { size } = await doing(`look at ${path}`, () => stat(path));
  if (size >= superblock.bytes) return;
  throw damaged(path, `it has ${size} bytes, its file system ${superblock.bytes}`, undefined);
};

const damaged = (path: string, reason: string, cause: unknown): SystemError =>
  new SystemError({
    code: 'image-damaged',
    message: `the file system in ${path} is damaged`,
    reason,
    hint: `look at it without changing it: e2fsck -fn ${path}`,
    cause,
  });

/** ext keeps sixteen bytes; tune2fs would cut a longer label and say nothing to a script. */
const refuseLongLabel = (label: string): void => {
  if (Buffer.byteLength(label) <= 16) return;
  throw new SystemError({
    code: 'label-too-long',
    message: `the label ${label} is too long`,
    reason: 'a file system keeps sixteen bytes',
    exit: EXIT.labelImage,
  });
};

/** What was made halfway is removed, so that its name is free for the next attempt. */
const removedOnFailure = async (path: string, act: () => Promise<unknown>): Promise<void> => {
  try {
    await act();
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
};
