import { EntryError } from '../entry-error.ts';
import type { ReadMedium } from './medium.ts';

/** Where the parts of a FAT file system lie, in bytes. */
interface Geometry {
  readonly bits: 12 | 16 | 32;
  readonly table: number;
  readonly cluster: number;
  /** Start of cluster 2, the first one. */
  readonly data: number;
  readonly root: { readonly at: number; readonly bytes: number } | { readonly cluster: number };
}

interface Entry {
  readonly name: string;
  readonly kind: 'file' | 'directory';
  readonly cluster: number;
  readonly bytes: number;
}

/** Neither a directory nor a file that we look for is larger; a ring of clusters ends here, too. */
const mostBytes = 8 * 1024 * 1024;

/** A file of a FAT file system (12, 16 or 32 bits, long names); absent when there is none. Letter case does not count. */
export async function readFatFile(
  read: ReadMedium,
  path: readonly string[],
): Promise<Buffer | undefined> {
  const geometry = geometryOf(await read(0, 512));
  const { root } = geometry;
  let directory =
    'cluster' in root ? await chain(read, geometry, root.cluster) : await read(root.at, root.bytes);
  for (const [depth, name] of path.entries()) {
    const kind = depth === path.length - 1 ? 'file' : 'directory';
    const found = entriesOf(directory).find(
      (entry) => entry.kind === kind && entry.name.toLowerCase() === name.toLowerCase(),
    );
    if (found === undefined) {
      return undefined;
    }
    if (found.kind === 'file') {
      return found.bytes === 0 ? Buffer.alloc(0) : fileOf(read, geometry, found);
    }
    directory = await chain(read, geometry, found.cluster);
  }
  return undefined;
}

function geometryOf(boot: Buffer): Geometry {
  const sector = boot.readUInt16LE(11);
  const cluster = boot.readUInt8(13) * sector;
  if (![512, 1024, 2048, 4096].includes(sector) || cluster === 0) {
    throw new EntryError('its FAT file system is damaged');
  }
  const [short, long] = [boot.readUInt16LE(22), boot.readUInt32LE(36)];
  const table = boot.readUInt16LE(14) * sector;
  const rootAt = table + boot.readUInt8(16) * (short === 0 ? long : short) * sector;
  const rootBytes = Math.ceil((boot.readUInt16LE(17) * 32) / sector) * sector;
  const data = rootAt + rootBytes;
  const sectors = boot.readUInt16LE(19) === 0 ? boot.readUInt32LE(32) : boot.readUInt16LE(19);
  const clusters = Math.floor((sectors * sector - data) / cluster);
  const bits = short === 0 ? 32 : clusters < 4085 ? 12 : 16;
  const root = bits === 32 ? { cluster: boot.readUInt32LE(44) } : { at: rootAt, bytes: rootBytes };
  return { bits, table, cluster, data, root };
}

async function fileOf(read: ReadMedium, geometry: Geometry, entry: Entry): Promise<Buffer> {
  const bytes = await chain(read, geometry, entry.cluster);
  if (bytes.byteLength < entry.bytes) {
    throw new EntryError(`${entry.name} on it is damaged`);
  }
  return bytes.subarray(0, entry.bytes);
}

/** The content of a chain of clusters. */
async function chain(read: ReadMedium, geometry: Geometry, first: number): Promise<Buffer> {
  const { cluster, data } = geometry;
  const parts: Buffer[] = [];
  let at = first;
  for (let total = 0; at >= 2 && at < endOf(geometry); total += cluster) {
    if (total > mostBytes) {
      throw new EntryError('a file on it is larger than 8 MiB, or its file system is damaged');
    }
    parts.push(await read(data + (at - 2) * cluster, cluster));
    at = await following(read, geometry, at);
  }
  return Buffer.concat(parts);
}

/** From this number on an entry of the table means that the chain ends. */
function endOf({ bits }: Geometry): number {
  return { 12: 0xff7, 16: 0xfff7, 32: 0xffffff7 }[bits];
}

async function following(read: ReadMedium, geometry: Geometry, at: number): Promise<number> {
  const { bits, table } = geometry;
  switch (bits) {
    case 12: {
      const pair = (await read(table + Math.floor(at * 1.5), 2)).readUInt16LE(0);
      return at % 2 === 0 ? pair & 0xfff : pair >> 4;
    }
    case 16:
      return (await read(table + at * 2, 2)).readUInt16LE(0);
    case 32:
      return (await read(table + at * 4, 4)).readUInt32LE(0) & 0x0fffffff;
  }
}

function entriesOf(directory: Buffer): readonly Entry[] {
  const entries: Entry[] = [];
  let long = '';
  for (let at = 0; at + 32 <= directory.byteLength; at += 32) {
    const record = directory.subarray(at, at + 32);
    const attributes = record.readUInt8(11);
    if (record.readUInt8(0) === 0) {
      break;
    }
    if (record.readUInt8(0) === 0xe5) {
      long = '';
    } else if ((attributes & 0x3f) === 0x0f) {
      // Pieces of a long name stand before the entry, the last piece first.
      long = longPiece(record) + long;
    } else {
      if ((attributes & 0x08) === 0) {
        entries.push({
          name: long === '' ? shortName(record) : long,
          kind: attributes & 0x10 ? 'directory' : 'file',
          cluster: record.readUInt16LE(20) * 0x10000 + record.readUInt16LE(26),
          bytes: record.readUInt32LE(28),
        });
      }
      long = '';
    }
  }
  return entries;
}

function longPiece(record: Buffer): string {
  const letters = [record.subarray(1, 11), record.subarray(14, 26), record.subarray(28, 32)];
  return (Buffer.concat(letters).toString('utf16le').split('\0')[0] ?? '').replace(/\uffff+$/, '');
}

function shortName(record: Buffer): string {
  const [name, extension] = [record.toString('latin1', 0, 8), record.toString('latin1', 8, 11)];
  return [name.trim(), extension.trim()].filter((part) => part !== '').join('.');
}
