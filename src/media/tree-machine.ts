/** For which machine a root tree is made: what is built here starts PCs alone. */
import { open } from 'node:fs/promises';
import { SystemError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { resolveInside } from './root-tree.ts';

const X86_64 = 62;
const NAMES: Readonly<Record<number, string | undefined>> = { 183: 'aarch64', 243: 'riscv64' };

/** Refuses a tree whose shell is a program for another machine. One without a shell says nothing about it. */
export async function mustBeForPc(tree: string): Promise<void> {
  const shell = await resolveInside(tree, '/bin/sh');
  if (shell === undefined) return;
  const machine = await machineOf(shell);
  if (machine === undefined || machine === X86_64) return;
  throw new SystemError({
    code: 'wrong-arch',
    message: `no disk and no medium can be built from ${tree}`,
    reason: `its programs are for ${NAMES[machine] ?? `machine ${machine}`}, and both are built for x86_64 only`,
    hint: 'start such a machine in another way, and use "install" there',
    exit: EXIT.unsupported,
  });
}

/** As an ELF header names it; undefined for what is no program. */
async function machineOf(path: string): Promise<number | undefined> {
  const file = await open(path, 'r');
  try {
    const head = Buffer.alloc(20);
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    const isElf = bytesRead === head.length && head.toString('latin1', 1, 4) === 'ELF';
    return isElf ? head.readUInt16LE(18) : undefined;
  } finally {
    await file.close();
  }
}
