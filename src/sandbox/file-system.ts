import { hostCommand } from './host-command.ts';
import type { Extent } from './partition-table.ts';

export type SandboxFileSystem = 'ext4' | 'xfs';

export interface FileSystemRequest {
  /** The disk file that holds it. */
  readonly disk: string;
  readonly extent: Extent;
  readonly label: string;
  readonly type: SandboxFileSystem;
  /** Directory whose content it gets; sparse files stay sparse. */
  readonly content: string;
}

/** Makes a file system with its content inside a disk file. Only xfs needs a mount, in a namespace of its own. */
export async function makeFileSystem(request: FileSystemRequest): Promise<void> {
  if (request.type === 'xfs') return makeXfs(request);
  const { disk, extent, label, content } = request;
  const place = `offset=${extent.offset},lazy_itable_init=1,lazy_journal_init=1`;
  const size = `${extent.bytes / 1024}k`;
  await hostCommand('mke2fs', [
    '-q',
    '-F',
    '-t',
    'ext4',
    '-L',
    label,
    '-d',
    content,
    '-E',
    place,
    disk,
    size,
  ]);
}

/** Makes an image file: an ext2 of this many bytes with the content of a root tree. */
export async function makeImage(
  path: string,
  image: { readonly tree: string; readonly label: string; readonly bytes: number },
): Promise<void> {
  const size = `${Math.ceil(image.bytes / 1024)}k`;
  await hostCommand('mke2fs', [
    '-q',
    '-F',
    '-t',
    'ext2',
    '-L',
    image.label,
    '-d',
    image.tree,
    path,
    size,
  ]);
}

async function makeXfs({ disk, extent, label, content }: FileSystemRequest): Promise<void> {
  await hostCommand('unshare', [
    '--mount',
    '--propagation',
    'private',
    'sh',
    '-c',
    FILL_XFS,
    'fill-xfs',
    disk,
    String(extent.offset),
    String(extent.bytes),
    label,
    content,
  ]);
}

/** mkfs.xfs takes no directory. The descriptor keeps the loop alive; it frees itself when this shell ends, however it ends. */
const FILL_XFS = `
set -eu
loop=$(losetup --find --show --offset "$2" --sizelimit "$3" "$1")
exec 9<"$loop"
losetup --detach "$loop"
mkfs.xfs -q -f -L "$4" "$loop"
mount -t tmpfs tmpfs /mnt
mkdir /mnt/at
mount "$loop" /mnt/at
cp --archive --sparse=auto "$5/." /mnt/at/
umount /mnt/at
`;
