/** Images of a simulated machine. Long effects show the moments in which only half of the work is on the disk. */
import type { Effort, ImageSource, ImagesPort, SourceFacts } from '../port.ts';
import type { SimulatedFileSystem } from './file-system.ts';
import { mustHaveFolder } from './files.ts';
import type { ImageInode } from './inode.ts';
import { imageAt } from './location.ts';
import type { SimulatedMachine } from './machine.ts';
import { refusal, stopWhenAborted } from './refusal.ts';
import { contentDigest, digestOf } from './content.ts';
import * as trees from './tree.ts';

interface Found {
  readonly fs: SimulatedFileSystem;
  readonly ino: number;
  readonly image: ImageInode;
}

export function simulatedImages(machine: SimulatedMachine): ImagesPort {
  const find = (path: string): Found | undefined => {
    const at = machine.locate(path);
    const fs = machine.fileSystem(at.fs);
    const ino = at.in === 'image' ? undefined : fs.tree.names.get(at.path);
    const image = ino === undefined ? undefined : imageAt(fs, ino);
    return ino === undefined || image === undefined ? undefined : { fs, ino, image };
  };
  const mustFind = (path: string): Found => {
    const found = find(path);
    if (found === undefined) throw refusal('not-found', `cannot read the image ${path}`);
    return found;
  };
  const add = (path: string, image: ImageInode): void => {
    const at = machine.locate(path);
    if (at.in === 'image') throw refusal('read-only', `cannot create ${path}`);
    const fs = machine.fileSystem(at.fs);
    if (fs.tree.names.has(at.path)) throw refusal('exists', `cannot create ${path}`);
    mustHaveFolder(fs, at.path, path);
    fs.change(trees.withNew(fs.tree, at.path, image));
  };
  const textAt = (path: string): string | undefined => {
    if (!path.startsWith('/')) return undefined;
    const at = machine.locate(path);
    const inode =
      at.in === 'image' ? undefined : trees.inodeAt(machine.fileSystem(at.fs).tree, at.path);
    return inode?.kind === 'text' ? inode.text : undefined;
  };
  const set = ({ fs, ino, image }: Found): void => {
    fs.change(trees.withInode(fs.tree, ino, image));
  };

  return {
    async inspect(source, { signal }) {
      stopWhenAborted(signal);
      return factsOf(machine, source);
    },

    async create(path, { bytes, label, fs }) {
      const empty: ImageInode = {
        kind: 'image',
        fs,
        label: '',
        uuid: '',
        bytes,
        usedBytes: 0,
        contents: new Map(),
        filled: 'empty',
        condition: 'damaged',
      };
      machine.moment(`create ${path}`);
      add(path, empty);
      machine.moment(`create ${path}: no file system in it yet`);
      const found = mustFind(path);
      const uuid = `uuid-${machine.ticks}-${found.ino}`;
      set({ ...found, image: { ...empty, label, uuid, condition: 'sound' } });
      machine.moment(`created ${path}`);
    },

    async fill(source, at, effort) {
      const place = machine.locate(at);
      if (place.in === 'file-system') throw refusal('not-found', `no image is mounted at ${at}`);
      const fs = machine.fileSystem(place.fs);
      const image = imageAt(fs, place.ino);
      if (image === undefined) throw refusal('not-found', `no image is mounted at ${at}`);
      const { contents, bytes } = contentsOf(machine, source);
      const all = { fs, ino: place.ino, image: { ...image, contents, usedBytes: bytes } };
      fs.dirtyBehindLoop(place.ino);
      inTwoParts(machine, `fill ${at} from ${source.uri}`, effort, all, set);
      return { digest: contentDigest(contents), bytes, files: contents.size };
    },

    async copy(from, to, effort) {
      const { image } = mustFind(from);
      machine.moment(`copy ${from} to ${to}`);
      add(to, { ...image, usedBytes: 0, contents: new Map(), filled: 'empty' });
      const copied = { ...mustFind(to), image };
      inTwoParts(machine, `copy ${from} to ${to}`, effort, copied, set);
    },

    async fetch(from, to, _mode, { signal }) {
      stopWhenAborted(signal);
      const given = machine.surroundings.sources.get(from)?.contents.get('/') ?? textAt(from);
      if (given === undefined) throw refusal('not-found', `cannot fetch ${from}`);
      const at = machine.locate(to);
      if (at.in === 'image') throw refusal('read-only', `cannot create ${to}`);
      const fs = machine.fileSystem(at.fs);
      mustHaveFolder(fs, at.path, to);
      machine.moment(`fetch ${from}`);
      const without = trees.withoutName(fs.tree, at.path, fs.held);
      fs.change(trees.withNew(without, at.path, { kind: 'text', text: given }));
      fs.commit();
      machine.moment(`fetched ${from}`);
      return { digest: digestOf(given) };
    },

    async pack(from, to, _how, effort) {
      const { image } = mustFind(from);
      machine.moment(`pack ${from} as ${to}`);
      const squashfs = { ...image, fs: 'squashfs', label: '', uuid: '' };
      add(to, { ...squashfs, usedBytes: 0, contents: new Map(), filled: 'empty' });
      inTwoParts(
        machine,
        `pack ${from} as ${to}`,
        effort,
        { ...mustFind(to), image: squashfs },
        set,
      );
    },

    async label(path) {
      const label = find(path)?.image.label;
      return label === '' ? undefined : label;
    },

    async uuid(path) {
      const uuid = find(path)?.image.uuid;
      return uuid === '' ? undefined : uuid;
    },

    async relabel(path, label) {
      const found = mustFind(path);
      machine.moment(`relabel ${path}`);
      set({ ...found, image: { ...found.image, label } });
      machine.moment(`relabelled ${path}`);
    },

    async setContexts(root, { signal }) {
      stopWhenAborted(signal);
      const at = machine.locate(root);
      const image = at.in === 'image' ? imageAt(machine.fileSystem(at.fs), at.ino) : undefined;
      const names = [...(image?.contents.keys() ?? [])];
      const policy = names.some((name) => name.startsWith('/etc/selinux/targeted/policy/'));
      if (!policy) return { set: 'no', reason: 'no policy in it' };
      machine.moment(`set contexts in ${root}`);
      return { set: 'yes' };
    },

    async check(path, { signal }) {
      stopWhenAborted(signal);
      if (mustFind(path).image.condition === 'damaged') {
        throw refusal('image-damaged', `the file system in ${path} is damaged`);
      }
    },

    async digest(path, { signal }) {
      stopWhenAborted(signal);
      const { fs, label, filled, condition, contents } = mustFind(path).image;
      const parts = [fs, label, filled, condition, contentDigest(contents)];
      return digestOf(parts.join('\n'));
    },
  };
}

/** Half of the files, then all of them: a cut, an abort or a full disk may come between. */
function inTwoParts(
  machine: SimulatedMachine,
  what: string,
  effort: Effort,
  all: Found,
  set: (found: Found) => void,
): void {
  const { contents, usedBytes } = all.image;
  const half = Math.floor(usedBytes / 2);
  machine.moment(what);
  stopWhenAborted(effort.signal);
  const some = new Map([...contents].slice(0, Math.floor(contents.size / 2)));
  set({ ...all, image: { ...all.image, contents: some, usedBytes: half, filled: 'partial' } });
  effort.report?.({ doneBytes: half, totalBytes: usedBytes });
  machine.moment(`${what}: half of it is done`);
  stopWhenAborted(effort.signal);
  set({ ...all, image: { ...all.image, filled: 'complete' } });
  effort.report?.({ doneBytes: usedBytes, totalBytes: usedBytes });
  machine.moment(`${what}: done`);
}

function factsOf(machine: SimulatedMachine, source: ImageSource): SourceFacts {
  const { contents, bytes, arch, fs } = contentsOf(machine, source);
  return {
    digest: contentDigest(contents),
    contentBytes: bytes,
    files: contents.size,
    ...(arch === undefined ? {} : { arch }),
    ...(fs === undefined ? {} : { fs }),
  };
}

interface SourceContents {
  readonly contents: ReadonlyMap<string, string>;
  readonly bytes: number;
  readonly arch?: string;
  readonly fs?: string;
}

/** A source is one of the surroundings, an image file on a disk, or the root of a mounted image. */
function contentsOf(machine: SimulatedMachine, source: ImageSource): SourceContents {
  const declared = machine.surroundings.sources.get(source.path);
  if (declared !== undefined) return declared;
  const at = machine.locate(source.path);
  const fs = machine.fileSystem(at.fs);
  const ino = at.in === 'image' ? at.ino : fs.tree.names.get(at.path);
  const image = ino === undefined ? undefined : imageAt(fs, ino);
  if (image === undefined) throw refusal('not-found', `cannot read the source ${source.uri}`);
  const { contents, usedBytes } = image;
  return { contents, bytes: usedBytes, arch: machine.surroundings.arch, fs: image.fs };
}
