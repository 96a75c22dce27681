import { lstat, open, readlink } from 'node:fs/promises';
import path from 'node:path';
import { ifThere } from './file-error.ts';

/** Machine type of a tree's `/bin/sh` as the kernel names it; `undefined` without one, or when it is no ELF program. */
export async function machineTypeOf(root: string): Promise<string | undefined> {
  const shell = await resolveInside(root, '/bin/sh');
  if (shell === undefined || !(await lstat(shell)).isFile()) return undefined;
  const file = await open(shell, 'r');
  try {
    const { buffer } = await file.read(Buffer.alloc(20), 0, 20, 0);
    return decodeMachine(buffer);
  } finally {
    await file.close();
  }
}

/** Follows links as a process with this root would, so never out of it; `undefined` when it leads nowhere. */
export async function resolveInside(root: string, name: string): Promise<string | undefined> {
  let todo = name.split('/');
  let done = '/';
  for (let links = 0; todo.length > 0;) {
    const [part = '', ...rest] = todo;
    todo = rest;
    if (part === '' || part === '.') continue;
    const next = path.posix.join(done, part);
    const real = path.join(root, next);
    const found = await ifThere(`look at ${real}`, () => lstat(real));
    if (found === undefined) return undefined;
    if (!found.isSymbolicLink()) {
      done = next;
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) return undefined;
    const target = await readlink(real);
    if (target.startsWith('/')) done = '/';
    todo = [...target.split('/'), ...todo];
  }
  return path.join(root, done);
}

/** As many as the kernel follows. */
const MAX_LINKS = 40;

const MACHINES: Readonly<Record<number, string>> = {
  0x03: 'i686',
  0x15: 'ppc64le',
  0x16: 's390x',
  0x28: 'armv7l',
  0x3e: 'x86_64',
  0xb7: 'aarch64',
  0xf3: 'riscv64',
};

const decodeMachine = (head: Buffer): string | undefined => {
  if (head.toString('latin1', 0, 4) !== '\x7fELF') return undefined;
  const bigEndian = head[5] === 2;
  return MACHINES[bigEndian ? head.readUInt16BE(18) : head.readUInt16LE(18)];
};
