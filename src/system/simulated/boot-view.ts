/**
 * What GRUB may find after a cut. It reads without replaying the journal, so every name and every inode that changed since
 * the last checkpoint is old or new on its own: all combinations that matter to the boot slots, exactly.
 */
import type { Slot } from '../port.ts';
import type { UnmountedFileSystem } from './file-system.ts';
import type { ImageInode } from './inode.ts';
import { linksOf } from './tree.ts';
import type { Tree } from './tree.ts';

/** An image GRUB may load; `garbage` is a name over an inode that is unborn, freed or no image; `absent` is no name. */
export type Sight = ImageInode | 'garbage' | 'absent';

export type StateView = Readonly<Record<'active' | 'passive', Sight>>;

/** Name of a slot's image inside its partition. */
export function imageName(slot: Slot): string {
  return `/cOS/${slot}.img`;
}

/** Every pair of images GRUB may find on COS_STATE. */
export function stateViews(fs: UnmountedFileSystem): readonly StateView[] {
  const pairs: StateView[] = [];
  const passives = numbers(fs.versions, imageName('passive'));
  for (const ino of numbers(fs.versions, imageName('active'))) {
    for (const active of sights(fs.versions, ino)) {
      for (const other of passives) {
        // Two names of one inode show the same thing.
        const shared = ino !== undefined && ino === other;
        for (const passive of shared ? [active] : sights(fs.versions, other)) {
          pairs.push({ active, passive });
        }
      }
    }
  }
  return pairs;
}

/** Everything GRUB may find under one name. */
export function sightsOf(fs: UnmountedFileSystem, path: string): readonly Sight[] {
  return numbers(fs.versions, path).flatMap((ino) => sights(fs.versions, ino));
}

/** Inode numbers a name led to; `undefined` where there was none. */
function numbers(versions: readonly Tree[], path: string): readonly (number | undefined)[] {
  return [...new Set(versions.map((tree) => tree.names.get(path)))];
}

/** What an inode number held; an inode without a name is freed. */
function sights(versions: readonly Tree[], ino: number | undefined): readonly Sight[] {
  if (ino === undefined) return ['absent'];
  const seen = new Set<Sight>();
  for (const tree of versions) {
    const inode = tree.inodes.get(ino);
    const readable = inode?.kind === 'image' && linksOf(tree, ino) > 0;
    seen.add(readable ? inode : 'garbage');
  }
  return [...seen];
}
