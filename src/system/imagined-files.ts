/** Names and files as they would be: what was imagined before is seen, everything else is as the machine shows it. */
import { SystemError } from '../errors.ts';
import type { FileStat, System } from './port.ts';
import type { ImaginedMounts, Place } from './imagined-mounts.ts';
import { BLOCK, full, inBlocks, Volume } from './imagined-space.ts';

/** What is in an image: a tree, or what another image holds in truth. Absent: nothing yet. */
export type Content =
  | { readonly from: 'tree'; readonly path: string }
  | { readonly from: 'image'; readonly path: string };

/** A file that is there, or that would be. */
export class ImaginedFile {
  readonly id: string;
  readonly kind: FileStat['kind'];
  readonly home: Volume | ImaginedFile;
  /** Where the machine shows it now; absent: it would be new. */
  readonly shown: string | undefined;
  bytes: number;
  allocatedBytes: number;
  links: number;
  /** Changed from what the machine shows. */
  text?: string;
  label?: string;
  uuid?: string;
  variables?: Readonly<Record<string, string>>;
  content?: Content;

  constructor(
    { id, kind, bytes, allocatedBytes, links }: FileStat,
    home: Volume | ImaginedFile,
    shown?: string,
  ) {
    this.id = id;
    this.kind = kind;
    this.bytes = bytes;
    this.allocatedBytes = allocatedBytes;
    this.links = links;
    this.home = home;
    this.shown = shown;
    if (shown !== undefined && kind === 'file') this.content = { from: 'image', path: shown };
  }

  get stat(): FileStat {
    const { id, kind, bytes, allocatedBytes, links } = this;
    return { id, kind, bytes, allocatedBytes, links };
  }

  /** Blocks for what is in it: of an image, as far as its size allows. */
  take(bytes: number): void {
    if (this.allocatedBytes + bytes > this.bytes) throw full('the new image');
    this.home.take(bytes);
    this.allocatedBytes += bytes;
  }

  /** A file system in a file keeps the blocks that were written once. */
  giveBack(): void {
    return;
  }

  /** What changes in an image is a change of its file, which was told already. */
  changed(): void {
    return;
  }
}

export class ImaginedFiles {
  private readonly names = new Map<string, ImaginedFile | 'gone'>();
  private readonly seen = new Map<string, ImaginedFile>();
  private born = 0;
  private readonly inner: System;
  private readonly mounts: ImaginedMounts;

  constructor(inner: System, mounts: ImaginedMounts) {
    this.inner = inner;
    this.mounts = mounts;
  }

  async find(path: string): Promise<ImaginedFile | undefined> {
    const place = await this.mounts.place(path);
    const known = this.names.get(place.key);
    if (known !== undefined) return known === 'gone' ? undefined : known;
    const shown = this.shownAt(place);
    const stat = shown === undefined ? undefined : await this.inner.files.stat(shown);
    if (shown === undefined || stat === undefined) return undefined;
    // What stands for the content of an image that is not made yet has no identity of its own.
    const id = place.home instanceof Volume ? stat.id : `${place.home.id}:${stat.id}`;
    const file = this.seen.get(id) ?? new ImaginedFile({ ...stat, id }, place.home, shown);
    this.seen.set(id, file);
    return file;
  }

  async must(path: string): Promise<ImaginedFile> {
    const found = await this.find(path);
    if (found === undefined) {
      throw new SystemError({ code: 'not-found', message: `${path} does not exist` });
    }
    return found;
  }

  /** Where the machine shows what would be at this path; absent where it would be new, or nothing. */
  async shown(path: string): Promise<string | undefined> {
    return this.shownAt(await this.mounts.place(path));
  }

  async list(path: string): Promise<readonly string[]> {
    const place = await this.mounts.place(path);
    const shown = this.shownAt(place);
    const names = new Set(shown === undefined ? [] : await this.inner.files.list(shown));
    const prefix = place.key.endsWith('/') ? place.key : `${place.key}/`;
    for (const [key, file] of this.names) {
      const name = key.slice(prefix.length);
      if (!key.startsWith(prefix) || name.includes('/')) continue;
      if (file === 'gone') names.delete(name);
      else names.add(name);
    }
    return [...names].sort();
  }

  /** A new file under a name that is free, or that it takes from another one. */
  async add(
    path: string,
    of: { readonly kind: FileStat['kind']; readonly bytes: number; readonly allocated: number },
  ): Promise<ImaginedFile> {
    const place = await this.mounts.place(path);
    const before = await this.find(path);
    this.born += 1;
    const stat = { kind: of.kind, bytes: of.bytes, allocatedBytes: of.allocated, links: 1 };
    const file = new ImaginedFile({ id: `imagined:${this.born}`, ...stat }, place.home);
    place.home.take(of.allocated);
    this.names.set(place.key, file);
    if (before !== undefined) await this.drop(before);
    place.home.changed(place.path);
    return file;
  }

  async name(file: ImaginedFile, path: string): Promise<void> {
    const place = await this.mounts.place(path);
    this.names.set(place.key, file);
    file.links += 1;
    place.home.changed(place.path);
  }

  async makeDirectory(path: string): Promise<'made' | 'there'> {
    if ((await this.find(path)) !== undefined) return 'there';
    const parent = path.slice(0, path.lastIndexOf('/'));
    if (parent !== '') await this.makeDirectory(parent);
    await this.add(path, { kind: 'directory', bytes: BLOCK, allocated: BLOCK });
    return 'made';
  }

  async writeText(path: string, text: string): Promise<void> {
    const { length } = new TextEncoder().encode(text);
    const file = await this.add(path, { kind: 'file', bytes: length, allocated: inBlocks(length) });
    file.text = text;
  }

  async rename(from: string, to: string): Promise<void> {
    const [source, target] = [await this.mounts.place(from), await this.mounts.place(to)];
    const [file, before] = [await this.must(from), await this.find(to)];
    if (file === before) return;
    for (const [key, below] of [...this.names]) {
      if (!key.startsWith(`${source.key}/`)) continue;
      this.names.delete(key);
      this.names.set(target.key + key.slice(source.key.length), below);
    }
    this.names.set(target.key, file);
    this.names.set(source.key, 'gone');
    if (before !== undefined) await this.drop(before);
    source.home.changed(source.path);
    target.home.changed(target.path);
  }

  async remove(path: string): Promise<void> {
    const file = await this.find(path);
    if (file === undefined) return;
    const place = await this.mounts.place(path);
    this.names.set(place.key, 'gone');
    await this.drop(file);
    place.home.changed(place.path);
  }

  async removeTree(path: string): Promise<void> {
    const below = (await this.mounts.list()).find(
      ({ at }) => at === path || at.startsWith(`${path}/`),
    );
    if (below !== undefined) {
      throw new SystemError({
        code: 'mount-busy',
        message: `${path} is not removed`,
        reason: `${below.source} is mounted at ${below.at}, and its files are not ours`,
        hint: `umount ${below.at}`,
      });
    }
    if ((await this.find(path))?.kind === 'directory') {
      for (const name of await this.list(path)) await this.removeTree(`${path}/${name}`);
    }
    await this.remove(path);
  }

  /** Its last name gone, its blocks come back; those of the image that runs, when the machine runs another one. */
  private async drop(file: ImaginedFile): Promise<void> {
    if (file.kind === 'directory') file.links = 0;
    else file.links -= 1;
    if (file.links > 0) return;
    const { runningImage } = await this.inner.host.facts();
    file.home.giveBack(
      file.allocatedBytes,
      file.id === runningImage ? 'with the next boot' : 'now',
    );
  }

  /** The nearest name above that was imagined decides: what it hides is not seen, what was moved is seen where it was. */
  private shownAt({ key, shown }: Place): string | undefined {
    for (let end = key.length; end > 0; end = key.lastIndexOf('/', end - 1)) {
      const known = this.names.get(key.slice(0, end));
      if (known === 'gone') return undefined;
      if (known === undefined) continue;
      return known.shown === undefined ? undefined : known.shown + key.slice(end);
    }
    return shown;
  }
}
