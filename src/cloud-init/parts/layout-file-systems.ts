import { EXT_FEATURES } from '../../system/ext-features.ts';
import { EntryError } from './entry-error.ts';

/** What a new partition may be filled with, by the word that `filesystem` has. */
export const fileSystemNames = [
  ...['ext2', 'ext3', 'ext4', 'xfs', 'btrfs', 'fat', 'vfat', 'fat16', 'fat32', 'swap'],
  ...['none', 'noformat', '-'],
] as const;

export type FileSystemName = (typeof fileSystemNames)[number];

export function isFileSystemName(word: string): word is FileSystemName {
  return fileSystemNames.some((known) => known === word);
}

/** A kind of content that a new partition may get. */
export interface FileSystemKind {
  /** How it is made on a node; absent: the partition stays as it is. */
  readonly make?: (node: string, label: string) => readonly [string, ...string[]];
  /** Longest label in bytes. */
  readonly mostLabel: number;
  /** A label that is read back as none. */
  readonly emptyLabel?: string;
  readonly gptType: string;
  readonly dosType: string;
  /** GPT type of a partition that is `bootable`. */
  readonly gptBootType: string;
}

const linux = {
  gptType: '0FC63DAF-8483-4772-8E79-3D69D8477DE4',
  dosType: '83',
  gptBootType: '21686148-6449-6E6F-744E-656564454649',
} as const;

/**
 * Words that make one, with the label behind an option of its own. Where a program asks back when it finds something on
 * the partition, it is told not to: it is ours and new.
 */
function making(
  words: readonly [string, ...string[]],
  label: string,
): NonNullable<FileSystemKind['make']> {
  return (node, text) => [...words, ...(text === '' ? [] : [label, text]), node];
}

const ext = (version: 'ext2' | 'ext3' | 'ext4'): FileSystemKind => ({
  ...linux,
  mostLabel: 16,
  make: making([`mkfs.${version}`, '-q', '-F', '-O', EXT_FEATURES[version]], '-L'),
});

const fat = (...size: readonly string[]): FileSystemKind => ({
  gptType: 'EBD0A0A2-B9E5-4433-87C0-68B6B72699C7',
  dosType: 'c',
  gptBootType: 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B',
  mostLabel: 11,
  emptyLabel: 'NO NAME',
  make: making(['mkfs.vfat', ...size], '-n'),
});

const none: FileSystemKind = { ...linux, mostLabel: 0 };

const kinds: Readonly<Record<FileSystemName, FileSystemKind>> = {
  ext2: ext('ext2'),
  ext3: ext('ext3'),
  ext4: ext('ext4'),
  xfs: { ...linux, mostLabel: 12, make: making(['mkfs.xfs', '-q', '-f'], '-L') },
  btrfs: { ...linux, mostLabel: 255, make: making(['mkfs.btrfs', '-q', '-f'], '-L') },
  fat: fat(),
  vfat: fat(),
  fat16: fat('-F', '16'),
  fat32: fat('-F', '32'),
  swap: {
    ...linux,
    gptType: '0657FD6D-A4AB-43C4-84E5-0933C84B4F4F',
    dosType: '82',
    mostLabel: 15,
    make: making(['mkswap'], '-L'),
  },
  none,
  noformat: none,
  '-': none,
};

/** What `filesystem` asks for; ext4 when it says nothing. An unknown word is an error. */
export function fileSystemKind(word: string | undefined): FileSystemKind {
  const wanted = word ? word : 'ext4';
  if (!isFileSystemName(wanted)) {
    throw new EntryError(
      `the file system \`${wanted}\` is not known: ${fileSystemNames.join(', ')} are`,
    );
  }
  return kinds[wanted];
}
