import { constants } from 'node:fs';
import { mkdir, mkdtemp, open, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { EXIT } from '../../exit-codes.ts';
import { SystemError } from '../../errors.ts';
import { CommandError } from './command-error.ts';
import { loopBehind } from './loop-device.ts';
import { readSuperblock } from './superblock.ts';
import type { ImageSource } from '../port.ts';
import type { Exec } from './exec.ts';

/**
 * Gives the root tree of a source to `work`. An image file is mounted read-only for it, at no place: only an open
 * descriptor holds the mount, so mount and loop device are gone with this process, however it ends.
 */
export async function withSourceTree<T>(
  exec: Exec,
  source: ImageSource,
  work: (tree: string) => Promise<T>,
): Promise<T> {
  await refuseUnreadable(source);
  if (source.kind === 'dir') return work(source.path);
  const { root, loop } = await openImage(exec, source);
  try {
    return await work(`/proc/${process.pid}/fd/${root.fd}`);
  } finally {
    await root.close();
    await loop?.released();
  }
}

/** Says of a source what a tool said that walked it: some of it cannot be read. */
export function unreadableWithin(source: ImageSource): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof CommandError) || error.code !== 'command-failed') throw error;
    throw new SystemError({
      code: 'source-unreadable',
      message: `the source ${source.uri} cannot be read to its end`,
      ...(error.reason === undefined ? {} : { reason: error.reason }),
      hint:
        source.kind === 'dir'
          ? `check ${source.path} and the file system it is on`
          : `check the image: e2fsck -fn ${source.path}`,
      exit: EXIT.noSource,
      cause: error,
    });
  };
}

/** Where image files are mounted for the moment it takes to open their root. */
const SOURCES = '/run/cos/imgsrc';

const openImage = async (exec: Exec, source: ImageSource) => {
  const { fs } = await readSuperblock(source.path);
  await mkdir(SOURCES, { recursive: true, mode: 0o700 });
  const at = await mkdtemp(path.join(SOURCES, 'source-'));
  try {
    await mountSource(exec, source, fs, at);
    try {
      const loop = await loopBehind(at);
      const root = await open(at, constants.O_RDONLY | constants.O_DIRECTORY);
      return { root, loop };
    } finally {
      await exec.change('umount', ['--lazy', '--', at]);
    }
  } finally {
    await rmdir(at);
  }
};

const refuseUnreadable = async (source: ImageSource): Promise<void> => {
  const found = await stat(source.path).catch((error: unknown) => unreadable(source, error));
  const right = source.kind === 'dir' ? found.isDirectory() : found.isFile();
  if (!right) unreadable(source, undefined);
};

const unreadable = (source: ImageSource, cause: unknown): never => {
  const wanted = source.kind === 'dir' ? 'a directory' : 'a file';
  throw new SystemError({
    code: 'source-unreadable',
    message: `the source ${source.uri} cannot be read`,
    reason: cause instanceof Error ? cause.message : `${source.path} is not ${wanted}`,
    hint: `check that ${source.path} is there and is ${wanted}`,
    exit: EXIT.noSource,
    cause,
  });
};

const mountSource = async (
  exec: Exec,
  source: ImageSource,
  fs: string,
  at: string,
): Promise<void> => {
  try {
    const options = 'loop,ro,nodev,nosuid,noexec';
    await exec.change('mount', ['-t', fs, '-r', '-o', options, '--', source.path, at]);
  } catch (error) {
    if (!(error instanceof SystemError) || error.code === 'tool-missing') throw error;
    throw new SystemError({
      code: 'source-unreadable',
      message: `the image ${source.uri} cannot be mounted`,
      ...(error.reason === undefined ? {} : { reason: error.reason }),
      hint: `check the image: e2fsck -fn ${source.path}`,
      exit: EXIT.noSource,
      cause: error,
    });
  }
};
