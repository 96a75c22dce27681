import type { Exec } from './exec.ts';
import type { Extents } from './image-digest.ts';

const BLOCK = 4096;

/**
 * Where a file has blocks, as the file system tells it after writing what it still held back; `undefined` when it cannot tell. An
 * image is mostly hole, and reading a hole costs as much as reading data.
 */
export async function extentsOf(exec: Exec, path: string): Promise<Extents | undefined> {
  const told = await exec.read('filefrag', ['-s', '-v', `-b${BLOCK}`, path]).catch(() => undefined);
  if (told === undefined || !/ extents? found\s*$/.test(told.stdout)) return undefined;
  const rows = told.stdout.split('\n').filter((line) => /^\s*\d+:\s/.test(line));
  const extents = rows.map((line) => /^\s*\d+:\s+(\d+)\.\.\s*(\d+):/.exec(line));
  if (extents.some((match) => match === null)) return undefined;
  return extents.map((match) => ({
    from: Number(match?.[1]) * BLOCK,
    to: (Number(match?.[2]) + 1) * BLOCK,
  }));
}
