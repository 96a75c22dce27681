/** What is on a disk, as layers over a file: a state is looked at without being built. Blocks of 4 KiB, by number from the disk's start. */
import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import type { LoggedRequest } from './write-log.ts';

export const BLOCK = 4096;

export interface Content {
  /** Never to be written to. */
  block(number: number): Buffer;
  /** Blocks that were written over the file, equal or not. */
  written(): Iterable<readonly [number, Buffer]>;
}

/** A layer to be written to. */
export interface Layer extends Content {
  write(offset: number, data: Buffer): void;
}

/** An open disk file, whose holes read as zeroes. */
export function contentOf(file: number): Content {
  const known = new Map<number, Buffer>();
  return {
    block: (number) => {
      const found = known.get(number);
      if (found !== undefined) return found;
      const block = Buffer.alloc(BLOCK);
      readSync(file, block, 0, BLOCK, number * BLOCK);
      known.set(number, block);
      return block;
    },
    written: () => [],
  };
}

/** A layer with nothing in it yet. */
export function layerOver(below: Content): Layer {
  const own = new Map<number, Buffer>();
  const block = (number: number): Buffer => own.get(number) ?? below.block(number);
  return {
    block,
    write: (offset, data) => {
      for (let done = 0; done < data.length;) {
        const [number, from] = [Math.floor((offset + done) / BLOCK), (offset + done) % BLOCK];
        const bytes = Math.min(BLOCK - from, data.length - done);
        const piece = bytes === data.length ? data : data.subarray(done, done + bytes);
        own.set(number, bytes === BLOCK ? piece : merged(block(number), piece, from));
        done += bytes;
      }
    },
    *written() {
      yield* own;
      for (const entry of below.written()) if (!own.has(entry[0])) yield entry;
    },
  };
}

function merged(block: Buffer, piece: Buffer, at: number): Buffer {
  const copy = Buffer.from(block);
  piece.copy(copy, at);
  return copy;
}

/** Writes what was asked for; discards keep the old bytes, which is the harsher choice. */
export function writeAll(layer: Layer, requests: readonly LoggedRequest[]): void {
  for (const request of requests) {
    if (request.kind === 'write') layer.write(request.offset, request.data);
  }
}

/** Bytes from anywhere on the disk. */
export function bytesAt(content: Content, offset: number, bytes: number): Buffer {
  const [first, last] = [Math.floor(offset / BLOCK), Math.floor((offset + bytes - 1) / BLOCK)];
  const from = offset - first * BLOCK;
  if (bytes === BLOCK && from === 0) return content.block(first);
  if (first === last) return content.block(first).subarray(from, from + bytes);
  const blocks = Array.from({ length: last - first + 1 }, (_, index) =>
    content.block(first + index),
  );
  return Buffer.concat(blocks).subarray(from, from + bytes);
}

const digests = new WeakMap<Buffer, bigint>();

/**
 * Tells blocks apart: by where they are and by what they hold. They add up by exclusive or, in any order. A buffer is taken for a block of
 * one place.
 */
export function blockDigest(number: number, block: Buffer): bigint {
  const known = digests.get(block);
  if (known !== undefined) return known;
  const digest = createHash('sha1').update(String(number)).update(block).digest();
  const found = digest.readBigUInt64LE(0);
  digests.set(block, found);
  return found;
}
