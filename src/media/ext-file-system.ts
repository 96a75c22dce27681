/** Ext file systems in files, filled from a directory, without a mount and without a loop device. */
import { EXT_FEATURES } from '../system/ext-features.ts';
import { runProgram } from './host-program.ts';
import { MIB, type Extent } from './partition-layout.ts';

/** Makes an image file: an ext2 of this many bytes with the content of a root tree. */
export async function makeImage(
  path: string,
  image: { readonly tree: string; readonly label: string; readonly bytes: number },
  signal: AbortSignal,
): Promise<void> {
  const kibibytes = `${image.bytes / 1024}k`;
  await runProgram(
    'mke2fs',
    [
      ...[
        '-q',
        '-F',
        '-t',
        'ext2',
        '-O',
        EXT_FEATURES.ext2,
        '-L',
        image.label,
        '-b',
        '4096',
        '-I',
        '256',
      ],
      ...['-i', String(bytesPerInode(image.bytes)), '-m', '0', '-d', image.tree, path, kibibytes],
    ],
    { signal },
  );
}

/** A copy under another label and with a file-system UUID of its own: the boot menu tells images apart by it. */
export async function copyImage(
  from: string,
  to: string,
  label: string,
  signal: AbortSignal,
): Promise<void> {
  await runProgram('cp', ['--sparse=always', '--reflink=auto', '--', from, to], { signal });
  await runProgram('tune2fs', ['-L', label, '-U', 'random', '--', to], { signal });
}

/** Makes an ext4 with its content inside a disk file; sparse files stay sparse. */
export async function makePartition(
  disk: string,
  partition: { readonly extent: Extent; readonly label: string; readonly content: string },
  signal: AbortSignal,
): Promise<void> {
  const { extent, label, content } = partition;
  const place = `offset=${extent.offset},lazy_itable_init=1,lazy_journal_init=1`;
  await runProgram(
    'mke2fs',
    [
      ...[
        '-q',
        '-F',
        '-t',
        'ext4',
        '-O',
        EXT_FEATURES.ext4,
        '-L',
        label,
        '-b',
        '4096',
        '-I',
        '256',
      ],
      ...['-d', content, '-E', place, disk, `${extent.bytes / 1024}k`],
    ],
    { signal },
  );
}

/** Size of an image for this much content: what the reference adds beyond it, and the inode tables; whole MiB. */
export function imageBytesFor(contentBytes: number): number {
  return Math.ceil((leastImageBytes(contentBytes) + 256 * MIB) / MIB) * MIB;
}

/** Below this the content does not fit. */
export function leastImageBytes(contentBytes: number): number {
  // Inodes take 256 bytes for every 4096 or 8192, block maps one in 1024.
  return Math.ceil(contentBytes * 1.07) + 4 * MIB;
}

const bytesPerInode = (bytes: number): number => (bytes < 1024 * MIB ? 4096 : 8192);
