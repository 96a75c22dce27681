/**
 * What would be mounted where. A file system or an image that is there in truth and not mounted is mounted read-only where it would be
 * read-write, so that it can be looked at; everything else is imagined, and where it leads is known.
 */
import { SystemError } from '../errors.ts';
import type { ImaginedFile } from './imagined-files.ts';
import type { Mount, Partition, System } from './port.ts';
import { newPartitionBytes, Volume, type Witness } from './imagined-space.ts';

/** What is seen below a mount. */
type Below =
  /** What the machine shows there. */
  | { readonly what: 'as it is' }
  | { readonly what: 'another place'; readonly path: string }
  | { readonly what: 'an image'; readonly file: ImaginedFile }
  | { readonly what: 'nothing yet' };

interface Row extends Mount {
  readonly below: Below;
  /** Mounted in truth, to be looked at. */
  readonly truly?: 'mounted';
}

/** Where a path leads. */
export interface Place {
  /** One for each place, however it is reached. */
  readonly key: string;
  /** Where the machine shows what is there now; absent: it shows nothing. */
  readonly shown: string | undefined;
  /** What a file takes its blocks of. */
  readonly home: Volume | ImaginedFile;
  /** From the top of the file system. */
  readonly path: string;
}

export class ImaginedMounts {
  private rows: readonly Row[] | undefined;
  private readonly volumes = new Map<string, Volume>();
  private readonly inner: System;
  private readonly witness: Witness;
  private readonly partitions: () => Promise<readonly (Partition & { readonly born?: 'now' })[]>;

  constructor(parts: {
    readonly inner: System;
    readonly witness: Witness;
    /** As they would be; `born`: with a new, empty file system. */
    readonly partitions: () => Promise<readonly (Partition & { readonly born?: 'now' })[]>;
  }) {
    this.inner = parts.inner;
    this.witness = parts.witness;
    this.partitions = parts.partitions;
  }

  async list(): Promise<readonly Row[]> {
    this.rows ??= (await this.inner.mounts.list()).map((mount) => ({
      ...mount,
      below: { what: 'as it is' },
    }));
    return this.rows;
  }

  async place(path: string): Promise<Place> {
    const rows = await this.list();
    const row = rows.reduce<Row | undefined>((best, next) => {
      const holds = next.at === '/' || path === next.at || path.startsWith(`${next.at}/`);
      return holds && (best === undefined || next.at.length >= best.at.length) ? next : best;
    }, undefined);
    if (row === undefined) throw notFound(path);
    const rest = row.at === '/' ? path : path.slice(row.at.length);
    switch (row.below.what) {
      case 'another place':
        return this.place(row.below.path + rest);
      case 'an image': {
        const { file } = row.below;
        const tree = file.content?.from === 'tree' ? file.content.path : undefined;
        const root = row.truly === 'mounted' ? row.at : tree;
        const shown = root === undefined ? undefined : root + rest;
        return { key: `${file.id}:${rest}`, shown, home: file, path: rest };
      }
      case 'as it is':
        return { key: path, shown: path, home: await this.volumeOf(row), path: rest };
      case 'nothing yet': {
        const home = await this.volumeOf(row);
        return { key: `${row.source}:${rest}`, shown: undefined, home, path: rest };
      }
    }
  }

  async mountDevice(source: string, at: string, mode: 'ro' | 'rw'): Promise<void> {
    const rows = await this.list();
    const partition = (await this.partitions()).find(({ device }) => device === source);
    const fs = partition?.fs ?? 'auto';
    const there = rows.find((row) => row.source === source && row.below.what === 'as it is');
    const row = { at, source, fs, mode, fileSystem: mode };
    if (partition?.born === 'now') {
      this.rows = [...rows, { ...row, below: { what: 'nothing yet' } }];
    } else if (there !== undefined && there.at !== at) {
      this.rows = [...rows, { ...row, below: { what: 'another place', path: there.at } }];
    } else {
      const journal = JOURNALED.has(fs) ? ({ journal: 'as it is' } as const) : {};
      await this.inner.mounts.mount({ kind: 'device', source, at, mode: 'ro', ...journal });
      this.rows = [...rows, { ...row, below: { what: 'as it is' }, truly: 'mounted' }];
    }
  }

  async bind(source: string, at: string, mode: 'ro' | 'rw'): Promise<void> {
    const rows = await this.list();
    const row = { at, source, fs: 'none', mode, fileSystem: mode };
    this.rows = [...rows, { ...row, below: { what: 'another place', path: source } }];
  }

  async mountImage(file: ImaginedFile, source: string, at: string, mode: 'ro' | 'rw') {
    const rows = await this.list();
    const below = { what: 'an image', file } as const;
    this.rows = [...rows, { at, source, fs: 'auto', mode, fileSystem: mode, below }];
    await this.showContent(file);
  }

  /** What an image holds can be looked at wherever it is mounted; one that cannot be mounted to be read shows nothing. */
  async showContent(file: ImaginedFile): Promise<void> {
    const { content } = file;
    if (content?.from !== 'image') return;
    const shown: Row[] = [];
    for (const row of await this.list()) {
      const here = row.below.what === 'an image' && row.below.file === file;
      const truly = here && row.truly === undefined && (await this.canShow(content.path, row.at));
      shown.push(truly ? { ...row, truly: 'mounted' } : row);
    }
    this.rows = shown;
  }

  private async canShow(source: string, at: string): Promise<boolean> {
    try {
      await this.inner.mounts.mount({ kind: 'image', source, at, mode: 'ro' });
      return true;
    } catch (error) {
      if (error instanceof SystemError) return false;
      throw error;
    }
  }

  async remount(at: string, mode: 'ro' | 'rw'): Promise<void> {
    const rows = await this.list();
    const row = rows.findLast((candidate) => candidate.at === at);
    if (row === undefined) throw notMounted(at);
    this.rows = rows.map((other) => {
      const same = other.source === row.source && other.below.what === 'as it is';
      const fileSystem = same || other === row ? { fileSystem: mode } : {};
      return { ...other, ...fileSystem, ...(other === row ? { mode } : {}) };
    });
  }

  async unmount(at: string): Promise<void> {
    const rows = await this.list();
    const row = rows.findLast((candidate) => candidate.at === at);
    if (row === undefined) throw notMounted(at);
    this.rows = rows.filter((other) => other !== row);
    if (row.truly !== undefined) await this.inner.mounts.unmount(at);
  }

  /** Unmounts what was mounted to be looked at. */
  async release(): Promise<void> {
    for (const row of (this.rows ?? []).toReversed()) {
      if (row.truly === undefined) continue;
      this.rows = this.rows?.filter((other) => other !== row);
      await this.inner.mounts.unmount(row.at);
    }
  }

  /** Those that were looked at, each once. */
  known(): readonly Volume[] {
    return [...this.volumes.values()];
  }

  private async volumeOf({ source, at, below }: Row): Promise<Volume> {
    const key = source.startsWith('/dev/') ? source : at;
    const known = this.volumes.get(key);
    if (known !== undefined) return known;
    const partition = (await this.partitions()).find(({ device }) => device === source);
    const freeBytes =
      below.what === 'nothing yet'
        ? newPartitionBytes({ bytes: partition?.bytes ?? 0 })
        : await this.inner.disks.free(at);
    const name = partition?.label ?? partition?.role ?? at;
    const volume = new Volume({ name, device: source, freeBytes }, this.witness);
    this.volumes.set(key, volume);
    return volume;
  }
}

/** Mounted to be read, these would be written to, where the machine was cut off before. */
const JOURNALED: ReadonlySet<string> = new Set(['ext3', 'ext4', 'xfs']);

function notMounted(at: string): SystemError {
  return new SystemError({ code: 'not-mounted', message: `nothing is mounted at ${at}` });
}

function notFound(path: string): SystemError {
  return new SystemError({ code: 'not-found', message: `${path} does not exist` });
}
