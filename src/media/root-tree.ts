/** What a root tree must bring to become an image that boots. */
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { SystemError, UsageError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';

export interface RootTree {
  readonly path: string;
  /** Text of its boot menu. */
  readonly menu: string;
  /** `GRUB_ENTRY_NAME` of its os-release. */
  readonly menuTitle?: string;
  /** Bytes it takes in a file system of 4 KiB blocks; hard links once. */
  readonly contentBytes: number;
}

/** Looks at a tree; everything that is missing is named at once. Links are followed as inside it, never out of it. */
export async function readRootTree(path: string): Promise<RootTree> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isDirectory() !== true) throw notATree(path);
  const bootargs = await readInside(path, '/etc/cos/bootargs.cfg');
  const [kernel, initrd] = [bootFile(bootargs, 'kernel'), bootFile(bootargs, 'initramfs')];
  const wanted = ['/etc/cos/grub.cfg', '/etc/cos/bootargs.cfg', kernel, initrd, '/sbin/init'];
  const missing: string[] = [];
  for (const name of [...wanted, ...MOUNT_POINTS]) {
    if ((await resolveInside(path, name)) === undefined) missing.push(name);
  }
  if (missing.length > 0) throw incomplete(path, missing);
  const menuTitle = await titleOf(path);
  return {
    path,
    menu: (await readInside(path, '/etc/cos/grub.cfg')) ?? '',
    ...(menuTitle === undefined ? {} : { menuTitle }),
    contentBytes: await measure(path, new Set()),
  };
}

/** A read-only root cannot make them itself. */
const MOUNT_POINTS = ['/proc', '/sys', '/dev', '/run', '/tmp', '/oem', '/usr/local'];

const BLOCK = 4096;
const MOST_LINKS = 40;

/** What the file sets; the reference's default where it is absent or computed. */
function bootFile(bootargs: string | undefined, name: 'kernel' | 'initramfs'): string {
  const set = new RegExp(`^\\s*set\\s+${name}=["']?(/[^\\s"'$]+)["']?\\s*$`, 'm').exec(
    bootargs ?? '',
  );
  return set?.[1] ?? (name === 'kernel' ? '/boot/vmlinuz' : '/boot/initrd');
}

async function titleOf(root: string): Promise<string | undefined> {
  for (const name of ['/etc/os-release', '/usr/lib/os-release']) {
    const text = (await readInside(root, name)) ?? '';
    const found = /^GRUB_ENTRY_NAME=(["']?)(.*)\1\s*$/m.exec(text);
    if (found?.[2] !== undefined && found[2] !== '') return found[2];
  }
  return undefined;
}

async function readInside(root: string, name: string): Promise<string | undefined> {
  const path = await resolveInside(root, name);
  return path === undefined ? undefined : readFile(path, 'utf8').catch(() => undefined);
}

/** Where a name leads with this tree as the root directory, or `undefined` where it leads to nothing. */
export async function resolveInside(root: string, name: string): Promise<string | undefined> {
  let left = name.split('/');
  const walked: string[] = [];
  for (let links = 0; left.length > 0;) {
    const [part = '', ...rest] = left;
    left = rest;
    if (part === '' || part === '.') continue;
    if (part === '..') {
      walked.pop();
      continue;
    }
    const path = join(root, ...walked, part);
    const found = await lstat(path).catch(() => undefined);
    if (found === undefined) return undefined;
    if (!found.isSymbolicLink()) {
      walked.push(part);
      continue;
    }
    if ((links += 1) > MOST_LINKS) return undefined;
    const target = await readlink(path);
    if (target.startsWith('/')) walked.length = 0;
    left = [...target.split('/'), ...left];
  }
  return join(root, ...walked);
}

async function measure(path: string, seen: Set<string>): Promise<number> {
  let bytes = BLOCK;
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) {
      bytes += await measure(inner, seen);
      continue;
    }
    const { size, nlink, dev, ino } = await lstat(inner);
    const id = `${dev}:${ino}`;
    if (nlink > 1 && seen.has(id)) continue;
    if (nlink > 1) seen.add(id);
    if (entry.isFile()) bytes += Math.ceil(size / BLOCK) * BLOCK;
  }
  return bytes;
}

function notATree(path: string): UsageError {
  return new UsageError({
    code: 'not-a-root-tree',
    message: `${path} is not a root tree`,
    reason: 'there is no such directory',
    hint: 'name a directory that holds a root file system, for instance an unpacked container image',
    exit: EXIT.noSource,
  });
}

function incomplete(path: string, missing: readonly string[]): SystemError {
  return new SystemError({
    code: 'tree-incomplete',
    message: `${path} cannot become an image that boots`,
    reason: `missing in it: ${missing.join(', ')}`,
    hint: `"slotwright init ${path}" brings the boot files; kernel, initramfs and init come from its distribution`,
    exit: EXIT.unsupported,
  });
}
