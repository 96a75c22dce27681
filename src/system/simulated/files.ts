/** Files of a simulated machine, on its disks and inside mounted images. */
import type { FilesPort, FileStat } from '../port.ts';
import type { SimulatedFileSystem } from './file-system.ts';
import { usedBytes } from './inode.ts';
import type { Inode } from './inode.ts';
import { imageAt } from './location.ts';
import type { Location } from './location.ts';
import type { SimulatedMachine } from './machine.ts';
import { mountOf, mountsBelow } from './mount-table.ts';
import { refusal } from './refusal.ts';
import * as trees from './tree.ts';

type OnDisk = Extract<Location, { in: 'file-system' }>;
type InImage = Extract<Location, { in: 'image' }>;

export function simulatedFiles(machine: SimulatedMachine): FilesPort {
  const onDisk = (path: string): { at: OnDisk; fs: SimulatedFileSystem } => {
    const at = machine.locate(path);
    if (at.in === 'image') throw refusal('read-only', `cannot change ${path}`);
    return { at, fs: machine.fileSystem(at.fs) };
  };

  return {
    async stat(path) {
      const source = inSource(machine, path);
      if (source !== undefined) return statIn(source);
      const at = machine.locate(path);
      const fs = machine.fileSystem(at.fs);
      if (at.in === 'image') return statInImage(fs, at);
      const ino = fs.tree.names.get(at.path);
      const inode = trees.inodeAt(fs.tree, at.path);
      if (ino === undefined || inode === undefined) return undefined;
      return {
        id: `${at.fs}:${ino}`,
        kind: inode.kind === 'directory' ? 'directory' : 'file',
        bytes: apparentBytes(inode),
        allocatedBytes: usedBytes(inode),
        links: trees.linksOf(fs.tree, ino),
      };
    },

    async readText(path) {
      const source = inSource(machine, path);
      if (source !== undefined) return source.contents.get(source.path);
      const at = machine.locate(path);
      const fs = machine.fileSystem(at.fs);
      if (at.in === 'image') return imageAt(fs, at.ino)?.contents.get(at.path);
      const inode = trees.inodeAt(fs.tree, at.path);
      return inode?.kind === 'text' ? inode.text : undefined;
    },

    async list(path) {
      const source = inSource(machine, path);
      if (source !== undefined) return childrenIn(source);
      const at = machine.locate(path);
      const fs = machine.fileSystem(at.fs);
      if (at.in === 'file-system') return trees.childrenOf(fs.tree, at.path);
      return childrenIn(insideImage(fs, at));
    },

    async makeDirectory(path) {
      const at = machine.locate(path);
      // Images here hold files alone; the folders of a file are there with it.
      if (at.in === 'image') return;
      machine.moment(`make directory ${path}`);
      makeDirectories(machine.fileSystem(at.fs), at.path);
      machine.moment(`made directory ${path}`);
    },

    async writeText(path, text) {
      writeFile(machine, path, text);
    },

    async link(existing, name) {
      const [from, to] = [onDisk(existing), onDisk(name)];
      if (from.fs !== to.fs) throw refusal('cross-device', `cannot link ${existing} to ${name}`);
      const ino = from.fs.tree.names.get(from.at.path);
      if (ino === undefined) throw refusal('not-found', `cannot link ${existing}`);
      if (to.fs.tree.names.has(to.at.path)) throw refusal('exists', `cannot link to ${name}`);
      machine.moment(`link ${existing} to ${name}`);
      to.fs.change(trees.withName(to.fs.tree, to.at.path, ino));
      machine.moment(`linked ${existing} to ${name}`);
    },

    async rename(from, to) {
      const [source, target] = [onDisk(from), onDisk(to)];
      if (source.fs !== target.fs) throw refusal('cross-device', `cannot rename ${from} to ${to}`);
      const { tree, held } = source.fs;
      const ino = tree.names.get(source.at.path);
      if (ino === undefined) throw refusal('not-found', `cannot rename ${from}`);
      // POSIX: two names of one file stay as they are.
      if (ino === tree.names.get(target.at.path)) return;
      machine.moment(`rename ${from} to ${to}`);
      source.fs.change(trees.withRename(tree, source.at.path, target.at.path, held));
      machine.moment(`renamed ${from} to ${to}`);
    },

    async remove(path) {
      const at = machine.locate(path);
      if (at.in === 'image') {
        changeInImage(machine, at, undefined);
        return;
      }
      const fs = machine.fileSystem(at.fs);
      const inode = trees.inodeAt(fs.tree, at.path);
      if (inode === undefined) return;
      if (inode.kind === 'directory') throw refusal('not-a-file', `cannot remove ${path}`);
      machine.moment(`remove ${path}`);
      fs.change(trees.withoutName(fs.tree, at.path, fs.held));
      machine.moment(`removed ${path}`);
    },

    // Trees in memory have no links.
    inside: async (root, name) => `${root}/${name}`,
    async removeTree(path) {
      const [mount] = mountsBelow(machine.mounts, path);
      if (mount !== undefined) {
        throw refusal('mount-busy', `will not remove ${path}`, `${mount.at} is mounted`);
      }
      const { at, fs } = onDisk(path);
      const below = [...fs.tree.names.keys()].filter(
        (name) => name === at.path || name.startsWith(`${at.path}/`),
      );
      for (const name of below.sort().reverse()) {
        machine.moment(`remove ${name} below ${path}`);
        fs.change(trees.withoutName(fs.tree, name, fs.held));
      }
      machine.moment(`removed ${path}`);
    },
  };
}

/** Writes a file durably and atomically, announcing every moment a cut can fall on. */
export function writeFile(machine: SimulatedMachine, path: string, text: string): void {
  const at = machine.locate(path);
  if (at.in === 'image') {
    changeInImage(machine, at, text);
    return;
  }
  const fs = machine.fileSystem(at.fs);
  mustHaveFolder(fs, at.path, path);
  const temporary = `${at.path}.tmp`;
  machine.moment(`write ${path}`);
  if (fs.tree.names.has(temporary)) fs.change(trees.withoutName(fs.tree, temporary, fs.held));
  fs.change(trees.withNew(fs.tree, temporary, { kind: 'text', text }));
  machine.moment(`write ${path}: its text is written`);
  fs.commit();
  machine.moment(`write ${path}: its text is durable`);
  fs.change(trees.withRename(fs.tree, temporary, at.path, fs.held));
  machine.moment(`write ${path}: it has its name`);
  fs.commit();
  machine.moment(`wrote ${path}`);
}

/** Writes a file as a shell does: not atomically, and not durable before the file system is synced. */
export function writePlainly(machine: SimulatedMachine, path: string, text: string): void {
  const at = machine.locate(path);
  if (at.in === 'image') {
    changeInImage(machine, at, text);
    return;
  }
  const fs = machine.fileSystem(at.fs);
  makeDirectories(fs, at.path.slice(0, at.path.lastIndexOf('/')));
  machine.moment(`write ${path}`);
  const ino = fs.tree.names.get(at.path);
  const inode = { kind: 'text', text } as const;
  if (ino === undefined) fs.change(trees.withNew(fs.tree, at.path, inode));
  else fs.change(trees.withInode(fs.tree, ino, inode));
  machine.moment(`wrote ${path}`);
}

/** Overwrites a file in its place, in one write; the file must be there. */
export function overwrite(machine: SimulatedMachine, path: string, text: string): void {
  const { in: where, fs: name, path: inside } = machine.locate(path);
  const fs = machine.fileSystem(name);
  const ino = fs.tree.names.get(inside);
  if (where === 'image' || ino === undefined) throw refusal('not-found', `cannot write ${path}`);
  machine.moment(`overwrite ${path}`);
  fs.change(trees.withInode(fs.tree, ino, { kind: 'text', text }));
  machine.moment(`overwrite ${path}: not yet durable`);
  fs.commit();
  machine.moment(`overwrote ${path}`);
}

export function makeDirectories(fs: SimulatedFileSystem, path: string): void {
  const parts = path.split('/').filter((part) => part !== '');
  for (let depth = 1; depth <= parts.length; depth += 1) {
    const name = `/${parts.slice(0, depth).join('/')}`;
    if (!fs.tree.names.has(name)) fs.change(trees.withNew(fs.tree, name, { kind: 'directory' }));
  }
}

export function mustHaveFolder(fs: SimulatedFileSystem, inside: string, path: string): void {
  const folder = inside.slice(0, inside.lastIndexOf('/')) || '/';
  if (trees.inodeAt(fs.tree, folder)?.kind !== 'directory') {
    throw refusal('not-found', `cannot create ${path}`, folder);
  }
}

/** Changes a file inside a mounted image; `undefined` removes it. */
function changeInImage(machine: SimulatedMachine, at: InImage, text: string | undefined): void {
  const fs = machine.fileSystem(at.fs);
  const image = imageAt(fs, at.ino);
  const writable = machine.mounts.some(
    ({ root, mode }) =>
      root.in === 'image' && root.ino === at.ino && root.fs === at.fs && mode === 'rw',
  );
  if (image === undefined || !writable) throw refusal('read-only', `cannot change ${at.path}`);
  machine.moment(`change ${at.path} in an image`);
  const contents = new Map(image.contents);
  if (text === undefined) contents.delete(at.path);
  else contents.set(at.path, text);
  fs.change(trees.withInode(fs.tree, at.ino, { ...image, contents }));
  fs.dirtyBehindLoop(at.ino);
  machine.moment(`changed ${at.path} in an image`);
}

/** Files of a tree that lie side by side, and a place in it. */
interface Inside {
  readonly id: string;
  readonly contents: ReadonlyMap<string, string>;
  readonly path: string;
}

/** A root tree that lies outside the disks is seen where it is. */
function inSource({ surroundings }: SimulatedMachine, path: string): Inside | undefined {
  for (const [at, { kind, contents }] of surroundings.sources) {
    if (kind !== 'dir' || (path !== at && !path.startsWith(`${at}/`))) continue;
    return { id: at, contents, path: path.slice(at.length) || '/' };
  }
  return undefined;
}

function statInImage(fs: SimulatedFileSystem, at: InImage): FileStat | undefined {
  return statIn(insideImage(fs, at));
}

function insideImage(fs: SimulatedFileSystem, { ino, fs: name, path }: InImage): Inside {
  return { id: `${name}:${ino}`, contents: imageAt(fs, ino)?.contents ?? new Map(), path };
}

function statIn(at: Inside): FileStat | undefined {
  const text = at.contents.get(at.path);
  const id = `${at.id}:${at.path}`;
  if (text !== undefined) {
    const bytes = text.length;
    return { id, kind: 'file', bytes, allocatedBytes: bytes, links: 1 };
  }
  const isFolder = at.path === '/' || childrenIn(at).length > 0;
  return isFolder ? { id, kind: 'directory', bytes: 0, allocatedBytes: 0, links: 2 } : undefined;
}

function childrenIn({ contents, path }: Inside): readonly string[] {
  const prefix = path === '/' ? '/' : `${path}/`;
  const names = [...contents.keys()]
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length).split('/')[0] ?? '');
  return [...new Set(names)].sort();
}

function apparentBytes(inode: Inode): number {
  return inode.kind === 'image' ? inode.bytes : usedBytes(inode);
}

/** True where a write to this path could succeed. */
export function isWritable(machine: SimulatedMachine, path: string): boolean {
  const mount = mountOf(machine.mounts, path);
  return mount?.mode === 'rw' && machine.fileSystem(mount.root.fs).mode === 'rw';
}
