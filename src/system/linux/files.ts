import {
  chmod,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  realpath,
  rename,
  unlink,
} from 'node:fs/promises';
import path from 'node:path';
import { writeDurably } from '../../../state/durable-file.ts';
import { SystemError } from '../../errors.ts';
import { doing, ifThere } from './file-error.ts';
import { inside } from './inside.ts';
import { isAtOrBelow, readMounts } from './mountinfo.ts';
import type { FilesPort, FileStat } from '../port.ts';
import type { BigIntStats } from 'node:fs';
import type { Exec } from './exec.ts';

export function createFiles(exec: Exec): FilesPort {
  return {
    stat: async (file) => {
      const found = await ifThere(`look at ${file}`, () => lstat(file, { bigint: true }));
      return found === undefined ? undefined : fileStat(found);
    },
    inside,
    readText: (file) => ifThere(`read ${file}`, () => readFile(file, 'utf8')),
    list: async (folder) =>
      ((await ifThere(`list ${folder}`, () => readdir(folder))) ?? []).toSorted(byCodeUnit),
    makeDirectory: async (folder, mode) => {
      await doing(`make the directory ${folder}`, async () => {
        const made = await mkdir(folder, { recursive: true, mode });
        // The umask of the caller narrows what mkdir makes: /tmp of a new system would be nobody else's.
        if (made !== undefined) await chmod(folder, mode);
      });
    },
    writeText: (file, text, mode) => doing(`write ${file}`, () => writeDurably(file, text, mode)),
    link: (existing, name) => doing(`link ${existing} as ${name}`, () => link(existing, name)),
    rename: (from, to) => doing(`rename ${from} to ${to}`, () => rename(from, to)),
    remove: async (file) => {
      await ifThere(`remove ${file}`, () => unlink(file));
    },
    removeTree: async (folder) => {
      await refuseMounts(folder);
      // --one-file-system also stops at a mount that appears after the look above.
      await exec.change('rm', ['--recursive', '--force', '--one-file-system', '--', folder]);
    },
  };
}

/** A file's identity: `major:minor:inode`, the same text that the loop device of a running image gives. */
export function identityOf(stat: { readonly dev: bigint; readonly ino: bigint }): string {
  const major = ((stat.dev >> 8n) & 0xfffn) | ((stat.dev >> 32n) & ~0xfffn);
  const minor = (stat.dev & 0xffn) | ((stat.dev >> 12n) & 0xffffff00n);
  return `${major}:${minor}:${stat.ino}`;
}

const fileStat = (found: BigIntStats): FileStat => ({
  id: identityOf(found),
  kind: kindOf(found),
  bytes: Number(found.size),
  // In units of 512 bytes, whatever the file system's own.
  allocatedBytes: Number(found.blocks) * 512,
  links: Number(found.nlink),
});

const kindOf = (found: BigIntStats): FileStat['kind'] => {
  if (found.isFile()) return 'file';
  if (found.isDirectory()) return 'directory';
  return found.isSymbolicLink() ? 'link' : 'other';
};

const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const refuseMounts = async (folder: string): Promise<void> => {
  const parent = await ifThere(`look at ${folder}`, () => realpath(path.dirname(folder)));
  if (parent === undefined) return;
  const real = path.join(parent, path.basename(folder));
  const found = (await readMounts()).find((entry) => isAtOrBelow(entry.at, real));
  if (found === undefined) return;
  throw new SystemError({
    code: 'mount-busy',
    message: `${folder} is not removed`,
    reason: `${found.source} is mounted at ${found.at}, and its files are not ours`,
    hint: `umount ${found.at}`,
  });
};
