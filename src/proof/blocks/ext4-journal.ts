/**
 * What the kernel will make of the journal of an ext4 file system when it mounts it, as far as it can be said without any doubt. It decides
 * nothing about a disk, only whether two disks are the same to the kernel: whoever reads a disk for judgement lets the kernel do it.
 */
import { bytesAt, type Content } from './content.ts';
import { crc32c } from './crc32c.ts';

/** An ext4 with a journal inside. */
export interface Journal {
  /** Bytes from the start of the disk, end excluded. */
  readonly places: readonly { readonly from: number; readonly to: number }[];
  /**
   * Blocks that will be written before the file system is looked at; offsets are those of the disk. `doubt`: somebody wrote half of
   * something there, or it is a journal of another kind.
   */
  readonly replay: readonly { readonly offset: number; readonly data: Buffer }[] | 'doubt';
}

/** The journal of the file system that begins at this byte; `undefined` where there is none that is known here. */
export function journalAt(content: Content, start: number): Journal | undefined {
  const superblock = bytesAt(content, start + 1024, 1024);
  if (superblock.readUInt16LE(0x38) !== 0xef53) return undefined;
  const hasJournal = (superblock.readUInt32LE(0x5c) & HAS_JOURNAL) !== 0;
  if (!hasJournal || superblock[0xfd] !== 1) return undefined;
  const bytes = 1024 << superblock.readUInt32LE(0x18);
  const blocks = journalBlocks(superblock.subarray(0x10c, 0x10c + 60));
  if (blocks === undefined) return undefined;
  const places = blocks.map(({ first, count }) => ({
    from: start + first * bytes,
    to: start + (first + count) * bytes,
  }));
  const recover = (superblock.readUInt32LE(0x60) & NEEDS_RECOVERY) !== 0;
  if (!recover) return { places, replay: [] };
  const at = (number: number): Buffer => {
    let left = number;
    for (const { first, count } of blocks) {
      if (left < count) return bytesAt(content, start + (first + left) * bytes, bytes);
      left -= count;
    }
    throw new RangeError(`the journal has no block ${String(number)}`);
  };
  return { places, replay: replayOf(at, { start, bytes }) };
}

const HAS_JOURNAL = 4;
const NEEDS_RECOVERY = 4;

/** Extents of the journal, from the copy of its inode that the superblock keeps. */
function journalBlocks(
  inode: Buffer,
): readonly { readonly first: number; readonly count: number }[] | undefined {
  const [magic, entries, depth] = [
    inode.readUInt16LE(0),
    inode.readUInt16LE(2),
    inode.readUInt16LE(6),
  ];
  if (magic !== 0xf30a || depth !== 0 || entries > 4) return undefined;
  return Array.from({ length: entries }, (_, index) => {
    const extent = inode.subarray(12 + index * 12, 24 + index * 12);
    const first = extent.readUInt16LE(6) * 2 ** 32 + extent.readUInt32LE(8);
    return { first, count: extent.readUInt16LE(4) };
  });
}

interface Transaction {
  readonly sequence: number;
  readonly blocks: readonly { readonly target: number; readonly data: Buffer }[];
  readonly revoked: readonly number[];
}

function replayOf(
  at: (number: number) => Buffer,
  { start, bytes }: { readonly start: number; readonly bytes: number },
): Journal['replay'] {
  const transactions = committed(at);
  if (transactions === 'doubt') return 'doubt';
  const revoked = new Map<number, number>();
  for (const transaction of transactions) {
    for (const block of transaction.revoked) revoked.set(block, transaction.sequence);
  }
  return transactions.flatMap(({ sequence, blocks }) =>
    blocks
      .filter(({ target }) => (revoked.get(target) ?? -1) < sequence)
      .map(({ target, data }) => ({ offset: start + target * bytes, data })),
  );
}

/** Transactions whose commit block is there, from the tail of the journal on. */
function committed(at: (number: number) => Buffer): readonly Transaction[] | 'doubt' {
  const superblock = at(0);
  const [length, first, begin] = [
    superblock.readUInt32BE(16),
    superblock.readUInt32BE(20),
    superblock.readUInt32BE(28),
  ];
  const features = superblock.readUInt32BE(40);
  const kind = superblock.readUInt32BE(4);
  if (superblock.readUInt32BE(0) !== MAGIC || kind !== 4) return 'doubt';
  // Only what the kernel of today writes, with checksums over everything.
  if (begin === 0) return [];
  if ((features & ~(REVOKE | WIDE | CHECKSUMS)) !== 0 || (features & CHECKSUMS) === 0) {
    return 'doubt';
  }
  const wide = (features & WIDE) !== 0;
  const seed = crc32c(0xffffffff, superblock.subarray(48, 64));
  const next = (number: number): number => (number + 1 < length ? number + 1 : first);

  const found: Transaction[] = [];
  let open:
    { blocks: Transaction['blocks'][number][]; revoked: number[]; whole: boolean } | undefined;
  let sequence = superblock.readUInt32BE(24);
  for (let number = begin, steps = 0; steps < length; steps += 1) {
    const block = at(number);
    if (block.readUInt32BE(0) !== MAGIC || block.readUInt32BE(8) !== sequence) return found;
    open ??= { blocks: [], revoked: [], whole: true };
    number = next(number);
    switch (block.readUInt32BE(4)) {
      case DESCRIPTOR: {
        if (!isWhole(block, block.length - 4, seed)) return 'doubt';
        for (const tag of tagsOf(block, wide)) {
          const data = at(number);
          number = next(number);
          open.whole &&= checksumOf(data, { seed, sequence }) === tag.checksum;
          open.blocks.push({ target: tag.target, data: inItsPlace(data, tag) });
        }
        break;
      }
      case REVOCATION:
        if (!isWhole(block, block.length - 4, seed)) return 'doubt';
        open.revoked.push(...revocationsOf(block, wide));
        break;
      case COMMIT:
        if (!isWhole(block, 16, seed) || !open.whole) return 'doubt';
        found.push({ sequence, blocks: open.blocks, revoked: open.revoked });
        open = undefined;
        sequence = (sequence + 1) >>> 0;
        break;
      default:
        return 'doubt';
    }
  }
  return 'doubt';
}

const MAGIC = 0xc03b3998;
const [DESCRIPTOR, COMMIT, REVOCATION] = [1, 2, 5];
const [REVOKE, WIDE, CHECKSUMS] = [1, 2, 16];

// The same blocks are looked at in one state after the other.
const whole = new WeakMap<Buffer, boolean>();
const checksums = new WeakMap<Buffer, number>();
const places = new WeakMap<Buffer, Buffer>();

/** The checksum stands in the block itself, where it counts as zero. */
function isWhole(block: Buffer, at: number, seed: number): boolean {
  const known = whole.get(block);
  if (known !== undefined) return known;
  const copy = Buffer.from(block);
  copy.writeUInt32BE(0, at);
  const found = crc32c(seed, copy) === block.readUInt32BE(at);
  whole.set(block, found);
  return found;
}

function checksumOf(
  data: Buffer,
  { seed, sequence }: { readonly seed: number; readonly sequence: number },
): number {
  const known = checksums.get(data);
  if (known !== undefined) return known;
  const found = crc32c(crc32c(seed, bigEndian(sequence)), data);
  checksums.set(data, found);
  return found;
}

/** A buffer of its own for the other place. What begins like a block of the journal has zeroes there inside it. */
function inItsPlace(data: Buffer, { escaped }: Tag): Buffer {
  const known = places.get(data);
  if (known !== undefined) return known;
  const copy = Buffer.from(data);
  if (escaped) copy.writeUInt32BE(MAGIC, 0);
  places.set(data, copy);
  return copy;
}

interface Tag {
  readonly target: number;
  readonly escaped: boolean;
  readonly checksum: number;
}

function tagsOf(block: Buffer, wide: boolean): readonly Tag[] {
  const tags: Tag[] = [];
  for (let at = 12; at + 16 <= block.length - 4;) {
    const flags = block.readUInt32BE(at + 4);
    const high = wide ? block.readUInt32BE(at + 8) : 0;
    tags.push({
      target: high * 2 ** 32 + block.readUInt32BE(at),
      escaped: (flags & 1) !== 0,
      checksum: block.readUInt32BE(at + 12),
    });
    if ((flags & LAST) !== 0) return tags;
    at += (flags & SAME_UUID) === 0 ? 32 : 16;
  }
  return tags;
}

const [SAME_UUID, LAST] = [2, 8];

function revocationsOf(block: Buffer, wide: boolean): readonly number[] {
  const [end, bytes] = [block.readUInt32BE(12), wide ? 8 : 4];
  const found: number[] = [];
  for (let at = 16; at + bytes <= end; at += bytes) {
    const high = wide ? block.readUInt32BE(at) : 0;
    found.push(high * 2 ** 32 + block.readUInt32BE(at + bytes - 4));
  }
  return found;
}

function bigEndian(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return bytes;
}
