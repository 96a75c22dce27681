/**
 * Which bytes a reader of an ext4 file system comes by on its way to a file, journal or not: superblock, group descriptors, inodes,
 * directories, the file. It judges nothing: two disks that are equal in all of them are equal to such a reader, that is all.
 */
import { bytesAt, type Content } from './content.ts';

/** Bytes from the start of the disk, end excluded. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** The way to a file, or to where there is none; `doubt` where something stands that this reader does not know. */
export function wayTo(content: Content, start: number, path: string): readonly Range[] | 'doubt' {
  const superblock = bytesAt(content, start + 1024, 1024);
  const shape = shapeOf(superblock);
  if (shape === undefined) return 'doubt';
  const walk: Walk = { content, start, ...shape, way: [{ from: start, to: start + 4096 }] };
  let inode: number | undefined = ROOT;
  for (const name of path.split('/').filter((part) => part !== '')) {
    const found: number | 'doubt' | undefined = lookUp(walk, inode, name);
    if (found === 'doubt') return 'doubt';
    if (found === undefined) return walk.way;
    inode = found;
  }
  return extentsOf(walk, inode) === 'doubt' ? 'doubt' : walk.way;
}

const ROOT = 2;

interface Shape {
  readonly bytes: number;
  readonly inodeBytes: number;
  readonly inodesPerGroup: number;
  readonly descriptorBytes: number;
  /** Block of the first group descriptor. */
  readonly descriptors: number;
}

interface Walk extends Shape {
  readonly content: Content;
  readonly start: number;
  readonly way: Range[];
}

function shapeOf(superblock: Buffer): Shape | undefined {
  const incompatible = superblock.readUInt32LE(0x60);
  if (superblock.readUInt16LE(0x38) !== 0xef53 || (incompatible & META_GROUPS) !== 0) return;
  return {
    bytes: 1024 << superblock.readUInt32LE(0x18),
    inodeBytes: superblock.readUInt16LE(0x58),
    inodesPerGroup: superblock.readUInt32LE(0x28),
    descriptorBytes: (incompatible & WIDE) === 0 ? 32 : superblock.readUInt16LE(0xfe),
    descriptors: superblock.readUInt32LE(0x14) + 1,
  };
}

const [META_GROUPS, WIDE] = [0x10, 0x80];

function read(walk: Walk, offset: number, bytes: number): Buffer {
  const from = walk.start + offset;
  walk.way.push({ from, to: from + bytes });
  return bytesAt(walk.content, from, bytes);
}

function inodeOf(walk: Walk, number: number): Buffer {
  const [group, index] = [
    Math.floor((number - 1) / walk.inodesPerGroup),
    (number - 1) % walk.inodesPerGroup,
  ];
  const { descriptorBytes, descriptors, bytes, inodeBytes } = walk;
  const descriptor = read(walk, descriptors * bytes + group * descriptorBytes, descriptorBytes);
  const high = descriptorBytes >= 64 ? descriptor.readUInt32LE(0x28) : 0;
  const table = high * 2 ** 32 + descriptor.readUInt32LE(8);
  return read(walk, table * bytes + index * inodeBytes, inodeBytes);
}

interface Extent {
  readonly first: number;
  readonly count: number;
}

/** Adds the bytes of a file to the way. */
function extentsOf(walk: Walk, number: number): readonly Extent[] | 'doubt' {
  const inode = inodeOf(walk, number);
  if ((inode.readUInt32LE(0x20) & EXTENTS) === 0) return 'doubt';
  return leavesOf(walk, inode.subarray(0x28, 0x28 + 60), 5);
}

const EXTENTS = 0x80000;

function leavesOf(walk: Walk, node: Buffer, depthLeft: number): readonly Extent[] | 'doubt' {
  const [magic, entries, depth] = [
    node.readUInt16LE(0),
    node.readUInt16LE(2),
    node.readUInt16LE(6),
  ];
  if (magic !== 0xf30a || depth > depthLeft || 12 + entries * 12 > node.length) return 'doubt';
  const found: Extent[] = [];
  for (let at = 12; at < 12 + entries * 12; at += 12) {
    if (depth === 0) {
      const length = node.readUInt16LE(at + 4);
      const first = node.readUInt16LE(at + 6) * 2 ** 32 + node.readUInt32LE(at + 8);
      // Longer: reserved and not yet written, read as zeroes.
      const count = length > UNWRITTEN ? length - UNWRITTEN : length;
      const from = walk.start + first * walk.bytes;
      walk.way.push({ from, to: from + count * walk.bytes });
      found.push({ first, count });
      continue;
    }
    const block = node.readUInt16LE(at + 8) * 2 ** 32 + node.readUInt32LE(at + 4);
    const below = leavesOf(walk, read(walk, block * walk.bytes, walk.bytes), depth - 1);
    if (below === 'doubt') return 'doubt';
    found.push(...below);
  }
  return found;
}

const UNWRITTEN = 32768;

function lookUp(walk: Walk, directory: number, name: string): number | 'doubt' | undefined {
  const extents = extentsOf(walk, directory);
  if (extents === 'doubt') return 'doubt';
  for (const { first, count } of extents) {
    for (let index = 0; index < count; index += 1) {
      const block = bytesAt(walk.content, walk.start + (first + index) * walk.bytes, walk.bytes);
      for (let at = 0; at < block.length;) {
        const [inode, length] = [block.readUInt32LE(at), block.readUInt16LE(at + 4)];
        if (length < 8 || length % 4 !== 0 || at + length > block.length) return 'doubt';
        const end = at + 8 + (block[at + 6] ?? 0);
        if (inode !== 0 && block.toString('latin1', at + 8, end) === name) return inode;
        at += length;
      }
    }
  }
  return undefined;
}
