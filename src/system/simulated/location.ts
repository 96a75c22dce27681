/** A place that a path leads to: in a file system of the machine, or inside an image that is one of its files. */
import type { SimulatedFileSystem } from './file-system.ts';
import type { ImageInode } from './inode.ts';

export type Location =
  | { readonly in: 'file-system'; readonly fs: string; readonly path: string }
  | { readonly in: 'image'; readonly fs: string; readonly ino: number; readonly path: string };

/** The place at `rest` (empty, or starting with a slash) below another one. */
export function below(location: Location, rest: string): Location {
  const path = rest === '' ? location.path : location.path === '/' ? rest : location.path + rest;
  return { ...location, path };
}

export function imageAt(fs: SimulatedFileSystem, ino: number): ImageInode | undefined {
  const inode = fs.tree.inodes.get(ino);
  return inode?.kind === 'image' ? inode : undefined;
}
