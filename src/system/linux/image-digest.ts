import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { refuseAborted } from './interruption.ts';
import type { FileHandle } from 'node:fs/promises';
import type { Effort } from '../port.ts';

/**
 * Digest of an image's content in which a hole and zeroes are one.
 *
 * sha256 over: the text `slotwright-image-1`, then for each block of 64 KiB that is not all zeroes, in order, its number
 * as 8 bytes little-endian and its bytes (the last one as long as the file goes), then the file's size as 8 bytes.
 */
export async function digestOfContent(
  path: string,
  effort: Effort,
  extents?: Extents,
): Promise<string> {
  const digest = createHash('sha256').update('slotwright-image-1');
  const number = Buffer.alloc(8);
  const take = (window: Buffer, at: number): void => {
    for (let offset = 0; offset < window.length; offset += BLOCK) {
      const block = window.subarray(offset, offset + BLOCK);
      if (block.equals(ZEROES.subarray(0, block.length))) continue;
      number.writeBigUInt64LE(BigInt((at + offset) / BLOCK));
      digest.update(number).update(block);
    }
  };
  const size = await readWindows(path, effort, take, extents);
  number.writeBigUInt64LE(BigInt(size));
  return `sha256:${digest.update(number).digest('hex')}`;
}

/** sha256 of a file's bytes as they are. */
export async function digestOfBytes(path: string, effort: Effort): Promise<string> {
  const digest = createHash('sha256');
  await readWindows(path, effort, (window) => void digest.update(window));
  return `sha256:${digest.digest('hex')}`;
}

/** Where a file has blocks: byte ranges, in order. What is between them is a hole. */
export type Extents = readonly { readonly from: number; readonly to: number }[];

const holdsData = (extents: Extents, at: number): boolean =>
  extents.some(({ from, to }) => from < at + WINDOW && to > at);

const BLOCK = 65_536;
const WINDOW = 16 * BLOCK;
const ZEROES = Buffer.alloc(BLOCK);

/** Reads a file in windows of one MiB, only the last one shorter. */
const readWindows = async (
  path: string,
  effort: Effort,
  take: (window: Buffer, at: number) => void,
  extents?: Extents,
): Promise<number> => {
  const file = await open(path, 'r');
  try {
    const totalBytes = (await file.stat()).size;
    const window = Buffer.allocUnsafe(WINDOW);
    for (let at = 0; ;) {
      refuseAborted(effort.signal);
      if (extents !== undefined && at + WINDOW < totalBytes && !holdsData(extents, at)) {
        at += WINDOW;
        continue;
      }
      const bytes = await fillWindow(file, window, at);
      if (bytes === 0) return at;
      take(window.subarray(0, bytes), at);
      at += bytes;
      effort.report?.({ doneBytes: at, totalBytes });
    }
  } finally {
    await file.close();
  }
};

const fillWindow = async (file: FileHandle, window: Buffer, at: number): Promise<number> => {
  let filled = 0;
  while (filled < window.length) {
    const { bytesRead } = await file.read(window, filled, window.length - filled, at + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
};
