import { open } from 'node:fs/promises';
import { EXIT } from '../../exit-codes.ts';
import { SystemError } from '../../errors.ts';
import { doing } from './file-error.ts';

/** What the first bytes of an image say. */
export interface Superblock {
  readonly fs: 'ext2' | 'ext3' | 'ext4' | 'squashfs';
  /** Absent for squashfs, which has none, and for an empty one. */
  readonly label?: string;
  /** Lower case, with hyphens. Absent for squashfs. */
  readonly uuid?: string;
  /** Bytes the file system claims; a shorter file is a cut one. */
  readonly bytes: number;
}

/** Reads the superblock of an image file; anything but ext2, ext3, ext4 and squashfs is a `SystemError` of code `image-unknown`. */
export async function readSuperblock(path: string): Promise<Superblock> {
  const head = await doing(`read ${path}`, () => readHead(path));
  const found = decodeSuperblock(head);
  if (found !== undefined) return found;
  throw new SystemError({
    code: 'image-unknown',
    message: `${path} is not an image that can be used`,
    reason: 'it holds neither ext2, ext3, ext4 nor squashfs',
    hint: 'give a file-system image, not a disk, an archive or a compressed file',
    exit: EXIT.noSource,
  });
}

/** File system of anything that can be mounted through a loop device: an image of ours, or an installation medium. */
export async function mountableFs(path: string): Promise<Superblock['fs'] | 'iso9660'> {
  const mark = await doing(`read ${path}`, async () => {
    const file = await open(path, 'r');
    try {
      const { buffer } = await file.read(Buffer.alloc(ISO_MARK.length), 0, ISO_MARK.length, ISO_AT);
      return buffer.toString('latin1');
    } finally {
      await file.close();
    }
  });
  return mark === ISO_MARK ? 'iso9660' : (await readSuperblock(path)).fs;
}

const ISO_MARK = 'CD001';
const ISO_AT = 0x8001;

/** Decodes the first 2048 bytes of an image. */
export function decodeSuperblock(head: Buffer): Superblock | undefined {
  if (head.length >= SQUASHFS_HEADER && head.toString('latin1', 0, 4) === 'hsqs') {
    return { fs: 'squashfs', bytes: Number(head.readBigUInt64LE(40)) };
  }
  if (head.length < HEAD || head.readUInt16LE(EXT + 0x38) !== 0xef53) return undefined;
  const features = {
    compatible: head.readUInt32LE(EXT + 0x5c),
    incompatible: head.readUInt32LE(EXT + 0x60),
    readOnly: head.readUInt32LE(EXT + 0x64),
  };
  const high = features.incompatible & EXT4_64BIT ? head.readUInt32LE(EXT + 0x150) : 0;
  const blocks = head.readUInt32LE(EXT + 0x4) + high * 2 ** 32;
  const name = head.subarray(EXT + 0x78, EXT + 0x88);
  const end = name.indexOf(0);
  const label = name.toString('utf8', 0, end < 0 ? name.length : end);
  return {
    fs: extKind(features),
    bytes: blocks * 2 ** (10 + head.readUInt32LE(EXT + 0x18)),
    ...(label === '' ? {} : { label }),
    uuid: uuidOf(head.subarray(EXT + 0x68, EXT + 0x78)),
  };
}

const uuidOf = (bytes: Buffer): string =>
  bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

const HEAD = 2048;
const EXT = 1024;
const SQUASHFS_HEADER = 96;
const EXT4_64BIT = 0x80;
const HAS_JOURNAL = 0x4;
/** file type, journal needs recovery, external journal, meta block groups */
const EXT3_INCOMPATIBLE = 0x2 | 0x4 | 0x8 | 0x10;
/** sparse superblocks, large files, tree directories */
const EXT3_READ_ONLY = 0x1 | 0x2 | 0x4;

const extKind = (features: {
  readonly compatible: number;
  readonly incompatible: number;
  readonly readOnly: number;
}): 'ext2' | 'ext3' | 'ext4' => {
  const newer = features.incompatible & ~EXT3_INCOMPATIBLE || features.readOnly & ~EXT3_READ_ONLY;
  if (newer) return 'ext4';
  return features.compatible & HAS_JOURNAL ? 'ext3' : 'ext2';
};

const readHead = async (path: string): Promise<Buffer> => {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD), 0, HEAD, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
};
