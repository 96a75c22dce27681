import { lstat, open, rm, stat } from 'node:fs/promises';
import { EXIT } from '../../cli/exit-codes.ts';
import { SystemError } from '../../errors.ts';
import { CommandError } from './command-error.ts';
import { doing, ifThere } from './file-error.ts';
import { digestOfBytes, digestOfContent } from './image-digest.ts';
import { machineTypeOf } from './machine-type.ts';
import { readManifest } from './manifest.ts';
import { withSourceTree } from './source-tree.ts';
import { readSuperblock } from './superblock.ts';
import { copyTree } from './tree-copy.ts';
import type { Effort, ImageSource, ImagesPort, SourceFacts } from '../port.ts';
import type { Exec } from './exec.ts';
import type { Superblock } from './superblock.ts';

export function createImages(exec: Exec): ImagesPort {
  const known = new Map<string, SourceFacts>();
  const inspect = async (source: ImageSource, effort: Effort): Promise<SourceFacts> => {
    const key = `${source.kind}:${source.path}`;
    const facts = known.get(key) ?? (await inspectSource(exec, source, effort));
    known.set(key, facts);
    return facts;
  };
  return {
    inspect,
    create: (path, image) => createImage(exec, path, image),
    fill: async (source, at, effort) => {
      const { contentBytes, files } = await inspect(source, effort);
      const report = reporter(effort, contentBytes);
      const digest = await withSourceTree(exec, source, (tree) =>
        copyTree(exec, { from: tree, to: at }, { signal: effort.signal, passed: report.passed }),
      );
      report.finish();
      return { digest, bytes: contentBytes, files };
    },
    copy: (from, to, effort) => copyImage(exec, from, to, effort),
    label: async (path) => (await readSuperblock(path)).label,
    relabel: (path, label) => relabelImage(exec, path, label),
    check: (path, effort) => checkImage(exec, path, effort),
    digest: (path, effort) => doing(`read ${path}`, () => digestOfContent(path, effort)),
  };
}

const inspectSource = (exec: Exec, source: ImageSource, effort: Effort): Promise<SourceFacts> =>
  withSourceTree(exec, source, async (tree) => {
    const manifest = await readManifest(exec, tree, effort.signal);
    const arch = await machineTypeOf(tree);
    const facts = { ...manifest, ...(arch === undefined ? {} : { arch }) };
    if (source.kind === 'dir') return facts;
    const { fs } = await readSuperblock(source.path);
    const digest = await doing(`read ${source.path}`, () => digestOfBytes(source.path, effort));
    return { ...facts, digest, fs };
  });

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

const createImage = async (
  exec: Exec,
  path: string,
  image: { readonly bytes: number; readonly label: string; readonly fs: string },
): Promise<void> => {
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
};

const copyImage = async (exec: Exec, from: string, to: string, effort: Effort): Promise<void> => {
  if ((await ifThere(`look at ${to}`, () => lstat(to))) !== undefined) {
    throw new SystemError({ code: 'exists', message: `${to} is there already` });
  }
  const { size } = await doing(`look at ${from}`, () => stat(from));
  const options = ['--reflink=auto', '--sparse=always', '--no-target-directory'];
  await removedOnFailure(to, () =>
    exec.change('cp', [...options, '--', from, to], {
      signal: effort.signal,
      timeoutMs: Infinity,
    }),
  );
  effort.report?.({ doneBytes: size, totalBytes: size });
};

const relabelImage = async (exec: Exec, path: string, label: string): Promise<void> => {
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
};

const checkImage = async (exec: Exec, path: string, effort: Effort): Promise<void> => {
  const superblock = await readSuperblock(path).catch((error: unknown) => {
    throw damaged(path, 'its superblock cannot be read', error);
  });
  await refuseCut(path, superblock);
  if (superblock.fs === 'squashfs') return;
  try {
    await exec.read('e2fsck', ['-f', '-n', '--', path], {
      signal: effort.signal,
      timeoutMs: Infinity,
    });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw damaged(path, error.reason ?? `e2fsck ended with ${error.exitCode}`, error);
  }
};

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

/** Tells progress a hundred times at most; the stream has headers, so it can be longer than the content. */
const reporter = (effort: Effort, totalBytes: number) => {
  let doneBytes = 0;
  let told = 0;
  return {
    passed: (bytes: number) => {
      doneBytes = Math.min(doneBytes + bytes, totalBytes);
      if (doneBytes - told < totalBytes / 100) return;
      told = doneBytes;
      effort.report?.({ doneBytes, totalBytes });
    },
    finish: () => effort.report?.({ doneBytes: totalBytes, totalBytes }),
  };
};
