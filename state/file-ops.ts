/** The calls by which the log reaches the disk, apart, so that a test can let one of them fail. */
import type { FileHandle } from 'node:fs/promises';
import { allocate } from './allocate.ts';
import { syncDirectory } from './durable-file.ts';

export interface FileOps {
  /** One `write`; returns the bytes taken, which may be fewer than given. */
  write(handle: FileHandle, bytes: Buffer): Promise<number>;
  datasync(handle: FileHandle): Promise<void>;
  /** Blocks beyond the end go as well. */
  truncate(handle: FileHandle, length: number): Promise<void>;
  /** Blocks beyond the end of a file, which nobody else can take; without effect where there is no room. */
  reserve(handle: FileHandle, from: number, bytes: number): Promise<void>;
  syncDirectory(directory: string): Promise<void>;
}

/** The real calls. */
export const fileOps: FileOps = {
  write: async (handle, bytes) => (await handle.write(bytes)).bytesWritten,
  datasync: (handle) => handle.datasync(),
  truncate: (handle, length) => handle.truncate(length),
  reserve: async (handle, from, bytes) => {
    await allocate(handle.fd, from, bytes, 'stays');
  },
  syncDirectory,
};
