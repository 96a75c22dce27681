import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { HOST_PATH } from '../sandbox/host-command.ts';
import { whileMounted } from './mounted-read-only.ts';
import { digestOfEntries, treeEntries } from './tree-entries.ts';

/** What an image file holds. */
export interface ImageContent {
  /** File-system label; absent when there is none. */
  readonly label?: string;
  /** `sound`: its file system is clean and every file of it can be read. */
  readonly condition: 'sound' | 'broken';
  /** Digest of the tree of a sound image; of the bytes of a broken one. */
  readonly content: string;
}

export interface ImageReader {
  read(path: string): Promise<ImageContent>;
  /** What was found in a sound image of this content, as {@link treeEntries} tells it. */
  entriesOf(content: string): ReadonlyMap<string, string> | undefined;
}

/**
 * Reads images without the tool's own code: `e2fsck`, the kernel, and a digest of every file that is wanted. Equal bytes are looked at once.
 */
export function createImageReader(
  scratch: string,
  wanted: (path: string) => boolean = () => true,
): ImageReader {
  const known = new Map<string, ImageContent>();
  const trees = new Map<string, ReadonlyMap<string, string>>();
  const digest = async (root: string): Promise<string> => {
    const entries = await treeEntries(root, wanted);
    const content = digestOfEntries(entries);
    trees.set(content, entries);
    return content;
  };
  return {
    entriesOf: (content) => trees.get(content),
    read: async (path) => {
      const bytes = await bytesDigest(path);
      const content = known.get(bytes) ?? (await look(scratch, path, bytes, digest));
      known.set(bytes, content);
      return content;
    },
  };
}

async function look(
  scratch: string,
  path: string,
  bytes: string,
  digest: (root: string) => Promise<string>,
): Promise<ImageContent> {
  const folder = await mkdtemp(join(scratch, 'image-'));
  const copy = join(folder, 'image');
  try {
    await copyFile(path, copy);
    const label = await labelOf(copy);
    const named = label === '' ? {} : { label };
    const broken: ImageContent = { ...named, condition: 'broken', content: `broken ${bytes}` };
    const check = await execa('e2fsck', ['-fn', copy], { env: { PATH: HOST_PATH }, reject: false });
    if (check.failed) return broken;
    return await whileMounted([{ file: copy, journal: 'ignore' }], async ([root]) =>
      root === undefined
        ? broken
        : digest(root).then(
            (content): ImageContent => ({ ...named, condition: 'sound', content }),
            () => broken,
          ),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function bytesDigest(path: string): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path, 'r');
  try {
    // One buffer for all of it: thousands of images are read.
    const piece = Buffer.alloc(1 << 20);
    for (;;) {
      const { bytesRead } = await file.read(piece, 0, piece.length);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(piece.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

/** Sixteen bytes of the superblock. */
async function labelOf(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const field = Buffer.alloc(16);
    await file.read(field, 0, field.length, LABEL_AT);
    return field.toString('latin1').replace(/\0.*$/s, '');
  } finally {
    await file.close();
  }
}

const LABEL_AT = 1024 + 120;
