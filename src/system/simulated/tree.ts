/**
 * One state of a simulated file system: names, and the inodes they lead to. Immutable, so that keeping the state of
 * every moment costs nothing.
 */
import type { Inode } from './inode.ts';

export interface Tree {
  /** Absolute path inside the file system, to inode number. */
  readonly names: ReadonlyMap<string, number>;
  readonly inodes: ReadonlyMap<number, Inode>;
}

export const EMPTY_TREE: Tree = {
  names: new Map([['/', 2]]),
  inodes: new Map([[2, { kind: 'directory' }]]),
};

export function inodeAt(tree: Tree, path: string): Inode | undefined {
  const ino = tree.names.get(path);
  return ino === undefined ? undefined : tree.inodes.get(ino);
}

export function linksOf(tree: Tree, ino: number): number {
  let links = 0;
  for (const other of tree.names.values()) if (other === ino) links += 1;
  return links;
}

/** Names directly in a directory, sorted by code unit. */
export function childrenOf(tree: Tree, directory: string): readonly string[] {
  const prefix = directory === '/' ? '/' : `${directory}/`;
  return [...tree.names.keys()]
    .filter((path) => path !== '/' && path.startsWith(prefix))
    .map((path) => path.slice(prefix.length))
    .filter((name) => !name.includes('/'))
    .sort();
}

/** Adds a name with a new inode. The lowest free number is taken, as file systems do: numbers come back. */
export function withNew(tree: Tree, path: string, inode: Inode): Tree {
  let ino = 11;
  while (tree.inodes.has(ino)) ino += 1;
  return {
    names: new Map(tree.names).set(path, ino),
    inodes: new Map(tree.inodes).set(ino, inode),
  };
}

export function withInode(tree: Tree, ino: number, inode: Inode): Tree {
  return { names: tree.names, inodes: new Map(tree.inodes).set(ino, inode) };
}

export function withName(tree: Tree, path: string, ino: number): Tree {
  return { names: new Map(tree.names).set(path, ino), inodes: tree.inodes };
}

/** Moves a name, and everything below it when it is a directory. What `to` led to loses that name. */
export function withRename(tree: Tree, from: string, to: string, held: ReadonlySet<number>): Tree {
  const names = new Map(tree.names);
  for (const [path, ino] of tree.names) {
    if (path !== from && !path.startsWith(`${from}/`)) continue;
    names.delete(path);
    names.set(to + path.slice(from.length), ino);
  }
  return withoutOrphans({ names, inodes: tree.inodes }, held);
}

export function withoutName(tree: Tree, path: string, held: ReadonlySet<number>): Tree {
  const names = new Map(tree.names);
  names.delete(path);
  return withoutOrphans({ names, inodes: tree.inodes }, held);
}

/** Frees inodes without a name, except those that something still holds open. */
export function withoutOrphans(tree: Tree, held: ReadonlySet<number>): Tree {
  const named = new Set(tree.names.values());
  const inodes = new Map([...tree.inodes].filter(([ino]) => named.has(ino) || held.has(ino)));
  return { names: tree.names, inodes };
}
