import { open } from 'node:fs/promises';

/** A partition of a disk file, as its GPT describes it. */
export interface ColdPartition {
  /** Number in the table, from 1: `(hd0,gpt4)` of a boot loader. */
  readonly number: number;
  readonly name: string;
  /** Bytes from the start of the disk. */
  readonly offset: number;
  readonly bytes: number;
}

/** The partitions of a powered-off disk. An empty list when there is no GPT. */
export async function partitionsOf(disk: string): Promise<readonly ColdPartition[]> {
  const table = Buffer.alloc(PARTITION_TABLE_BYTES);
  const file = await open(disk, 'r');
  try {
    await file.read(table, 0, table.length, 0);
  } finally {
    await file.close();
  }
  return partitionsIn(table);
}

/** The same from the first {@link PARTITION_TABLE_BYTES} bytes of a disk. */
export function partitionsIn(table: Buffer): readonly ColdPartition[] {
  const header = table.subarray(SECTOR);
  if (header.toString('latin1', 0, 8) !== 'EFI PART') return [];
  const first = Number(header.readBigUInt64LE(72)) * SECTOR;
  const [count, size] = [header.readUInt32LE(80), header.readUInt32LE(84)];
  return Array.from({ length: count }, (_, index) => index).flatMap((index) => {
    const entry = table.subarray(first + index * size, first + (index + 1) * size);
    // All zeroes: a free entry.
    if (entry.length < size || entry.subarray(0, 16).every((byte) => byte === 0)) return [];
    const [from, to] = [Number(entry.readBigUInt64LE(32)), Number(entry.readBigUInt64LE(40))];
    return [
      {
        number: index + 1,
        name: entry.toString('utf16le', 56, 128).replace(/\0.*$/, ''),
        offset: from * SECTOR,
        bytes: (to - from + 1) * SECTOR,
      },
    ];
  });
}

const SECTOR = 512;
/** Where the table ends. */
export const PARTITION_TABLE_BYTES = 34 * SECTOR;
