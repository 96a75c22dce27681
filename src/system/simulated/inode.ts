import type { EventRecord } from '../../../state/records.ts';

/**
 * What a name of a simulated file system leads to. Values never change: an effect puts a new value in place of the old
 * one, so every earlier state of a disk stays available to a cut.
 */
export type Inode = DirectoryInode | TextInode | LogInode | ImageInode;

export interface DirectoryInode {
  readonly kind: 'directory';
}

/** A small file; environment blocks are such files too. */
export interface TextInode {
  readonly kind: 'text';
  readonly text: string;
}

/** A segment of the event log. Kept as records, so that a state of the disk costs no text. */
export interface LogInode {
  readonly kind: 'log';
  readonly records: readonly EventRecord[];
  /** Bytes of a last line that a cut tore. */
  readonly tornBytes: number;
}

/** An image file and the file system inside it. */
export interface ImageInode {
  readonly kind: 'image';
  readonly fs: string;
  readonly label: string;
  readonly uuid: string;
  /** Apparent size. */
  readonly bytes: number;
  /** What it occupies: images are sparse. */
  readonly usedBytes: number;
  /** A few files by their path inside the image: enough to tell one version from another. */
  readonly contents: ReadonlyMap<string, string>;
  readonly filled: 'empty' | 'partial' | 'complete';
  readonly condition: 'sound' | 'damaged';
}

/** What a record takes on the disk, roughly. */
export const RECORD_BYTES = 400;

/** Space that an inode occupies. */
export function usedBytes(inode: Inode): number {
  switch (inode.kind) {
    case 'directory':
      return 0;
    case 'text':
      return inode.text.length;
    case 'log':
      return inode.records.length * RECORD_BYTES + inode.tornBytes;
    case 'image':
      return inode.usedBytes;
  }
}

/** True when the boot loader and the kernel can start from this image under an entry that asks for `label`. */
export function isBootable(inode: Inode | undefined, label: string): boolean {
  return (
    inode?.kind === 'image' &&
    inode.filled === 'complete' &&
    inode.condition === 'sound' &&
    // A squashfs has no label: its menu entry finds it by its name alone.
    (inode.label === label || inode.fs === 'squashfs')
  );
}

/** Disks write whole sectors. A text overwritten in its place, which keeps its length, is old up to the end of the first one. */
function tornText(text: string, settled: Inode | undefined): string {
  const inPlace = settled?.kind === 'text' && settled.text.length === text.length;
  return inPlace ? settled.text.slice(0, SECTOR) + text.slice(SECTOR) : '';
}

const SECTOR = 512;

/**
 * What a cut leaves of a file whose name is on disk and whose data was not settled: a log keeps half of the record that
 * was being appended, a new text file is empty, an overwritten label is the old one, a new image is a ruin.
 */
export function torn(now: Inode, settled: Inode | undefined): Inode {
  if (now === settled || now.kind === 'directory') return now;
  if (now.kind === 'text') return { kind: 'text', text: tornText(now.text, settled) };
  if (now.kind === 'log') {
    const records = settled?.kind === 'log' ? settled.records : [];
    return { kind: 'log', records, tornBytes: RECORD_BYTES / 2 };
  }
  if (settled?.kind !== 'image') return { ...now, filled: 'partial', condition: 'damaged' };
  const sameData = now.contents === settled.contents && now.filled === settled.filled;
  if (sameData) return { ...now, label: settled.label };
  return { ...now, filled: 'partial', condition: 'damaged' };
}
