import { EntryError } from './entry-error.ts';

/** A kind of content that a new partition may get. */
export interface FileSystemKind {
  /** The program that makes it on a node; absent: the partition stays as it is. */
  readonly make?: (node: string, label: string) => readonly [string, ...string[]];
  /** Longest label in bytes. */
  readonly mostLabel: number;
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

const ext = (version: 'ext2' | 'ext3' | 'ext4'): FileSystemKind => ({
  ...linux,
  mostLabel: 16,
  make: (node, label) => [`mkfs.${version}`, '-q', ...(label === '' ? [] : ['-L', label]), node],
});

const fat = (...size: readonly string[]): FileSystemKind => ({
  gptType: 'EBD0A0A2-B9E5-4433-87C0-68B6B72699C7',
  dosType: 'c',
  gptBootType: 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B',
  mostLabel: 11,
  make: (node, label) => ['mkfs.vfat', ...size, ...(label === '' ? [] : ['-n', label]), node],
});

const none: FileSystemKind = { ...linux, mostLabel: 0 };

const kinds: Readonly<Record<string, FileSystemKind>> = {
  ext2: ext('ext2'),
  ext3: ext('ext3'),
  ext4: ext('ext4'),
  xfs: {
    ...linux,
    mostLabel: 12,
    make: (node, label) => ['mkfs.xfs', '-q', ...(label === '' ? [] : ['-L', label]), node],
  },
  btrfs: {
    ...linux,
    mostLabel: 255,
    make: (node, label) => ['mkfs.btrfs', '-q', ...(label === '' ? [] : ['-L', label]), node],
  },
  fat: fat(),
  vfat: fat(),
  fat16: fat('-F', '16'),
  fat32: fat('-F', '32'),
  swap: {
    gptType: '0657FD6D-A4AB-43C4-84E5-0933C84B4F4F',
    dosType: '82',
    gptBootType: linux.gptBootType,
    mostLabel: 15,
    make: (node, label) => ['mkswap', ...(label === '' ? [] : ['-L', label]), node],
  },
  none,
  noformat: none,
  '-': none,
};

/** What `filesystem` asks for; ext4 when it says nothing. An unknown word is an error before anything is written. */
export function fileSystemKind(word: string | undefined): FileSystemKind {
  const name = word ? word : 'ext4';
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  if (kind === undefined) {
    throw new EntryError(
      `the file system \`${name}\` is not known: ${Object.keys(kinds).join(', ')} are`,
    );
  }
  return kind;
}
