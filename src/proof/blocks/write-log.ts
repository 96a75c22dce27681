import { open } from 'node:fs/promises';

/** One thing that a disk was asked for. */
export type LoggedRequest =
  | { readonly kind: 'write'; readonly offset: number; readonly data: Buffer }
  | { readonly kind: 'discard'; readonly offset: number; readonly bytes: number }
  | { readonly kind: 'flush' };

/** Reads a log in the format of dm-log-writes, in the order of completion, to its end. */
export async function readWriteLog(path: string): Promise<readonly LoggedRequest[]> {
  const file = await open(path, 'r');
  const read = async (at: number, bytes: number): Promise<Buffer> => {
    const buffer = Buffer.alloc(bytes);
    await file.read(buffer, 0, bytes, at);
    return buffer;
  };
  try {
    const superblock = await read(0, SECTOR);
    if (superblock.readBigUInt64LE(0) !== MAGIC) throw new Error(`${path} is no log of writes`);
    const requests: LoggedRequest[] = [];
    // The count in the superblock is that of the last flush, so the log is read on to its end.
    for (let at = SECTOR; ;) {
      const header = await read(at, SECTOR);
      const [sector, sectors, flags] = [0, 8, 16].map((field) =>
        Number(header.readBigUInt64LE(field)),
      ) as [number, number, number];
      if (sector === 0 && sectors === 0 && flags === 0) return requests;
      at += SECTOR;
      const [offset, bytes] = [sector * SECTOR, sectors * SECTOR];
      if ((flags & FLUSH) !== 0) requests.push({ kind: 'flush' });
      if ((flags & DISCARD) !== 0) requests.push({ kind: 'discard', offset, bytes });
      else if (bytes > 0) {
        requests.push({ kind: 'write', offset, data: await read(at, bytes) });
        at += bytes;
      }
    }
  } finally {
    await file.close();
  }
}

const SECTOR = 512;
const MAGIC = 0x6a736677736872n;
const FLUSH = 1;
const DISCARD = 4;
