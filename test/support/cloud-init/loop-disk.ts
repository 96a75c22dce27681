import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const mebibyte = 1024 * 1024;

/** Runs a tool for a test, answers with what it printed. */
export function tool(name: string, args: readonly string[], input = ''): string {
  const options = { input, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } } as const;
  return execFileSync(name, [...args], { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
}

/** A partition as sfdisk lists it, in sectors. */
export interface ListedPartition {
  readonly node: string;
  readonly start: number;
  readonly size: number;
  readonly type: string;
  readonly uuid?: string;
  readonly name?: string;
  readonly bootable?: boolean;
}

/** The partitions in what `sfdisk --json` says. */
export function partitionsIn(said: unknown): readonly ListedPartition[] {
  const { partitiontable } = said as { partitiontable: { partitions?: ListedPartition[] } };
  return partitiontable.partitions ?? [];
}

/** A disk of its own in a file behind a loop device. */
export class LoopDisk {
  readonly folder: string;
  readonly node: string;
  readonly image: string;

  /** Attaches an empty disk; `script` is what sfdisk divides it by, and nothing leaves it without a table. */
  constructor(
    mebibytes: number,
    options: { readonly script?: string; readonly sectorBytes?: number } = {},
  ) {
    this.folder = mkdtempSync(path.join(tmpdir(), 'slotwright-layout-'));
    this.image = path.join(this.folder, 'disk.raw');
    writeFileSync(this.image, '');
    truncateSync(this.image, mebibytes * mebibyte);
    const size = ['--sector-size', String(options.sectorBytes ?? 512)];
    try {
      this.node = tool('losetup', ['-f', '-P', '--show', ...size, this.image]).trim();
    } catch (error) {
      rmSync(this.folder, { recursive: true, force: true });
      throw error;
    }
    if (options.script !== undefined) {
      this.divide(options.script);
    }
  }

  private divide(script: string): void {
    try {
      tool('sfdisk', ['--quiet', '--no-reread', '--no-tell-kernel', this.node], script);
      tool('partx', ['--update', this.node]);
    } catch (error) {
      this.discard();
      throw error;
    }
  }

  /** As when a virtual disk is made larger: what is on it stays. */
  enlarge(mebibytes: number): void {
    truncateSync(this.image, mebibytes * mebibyte);
    tool('losetup', ['-c', this.node]);
  }

  partition(number: number): string {
    return `${this.node}p${String(number)}`;
  }

  partitions(): readonly ListedPartition[] {
    return partitionsIn(JSON.parse(tool('sfdisk', ['--json', this.node])));
  }

  /** What blkid says of a partition: `TYPE`, `LABEL`; empty when there is nothing. */
  signature(number: number, tag: 'TYPE' | 'LABEL'): string {
    try {
      return tool('blkid', ['-p', '-o', 'value', '-s', tag, this.partition(number)]).trim();
    } catch {
      return '';
    }
  }

  /** Makes an ext file system with these files; not by a mount, which another process's new mount namespace would keep. */
  makeExt(number: number, kind: 'ext2' | 'ext4', files: Readonly<Record<string, string>>): void {
    const tree = mkdtempSync(path.join(this.folder, 'tree-'));
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(path.join(tree, name), text);
    }
    tool(`mkfs.${kind}`, ['-q', '-d', tree, this.partition(number)]);
  }

  /** A file of an ext file system that is not mounted. */
  readExt(number: number, name: string): string {
    return tool('debugfs', ['-R', `cat /${name}`, this.partition(number)]);
  }

  /** Mounts a partition below the folder; unmounted by `unmount` or `discard`. */
  mount(number: number): string {
    const at = path.join(this.folder, `p${String(number)}`);
    mkdirSync(at, { recursive: true });
    tool('mount', [this.partition(number), at]);
    return at;
  }

  unmount(at: string): void {
    tool('umount', [at]);
  }

  discard(): void {
    const mounts = tool('findmnt', ['--list', '--noheadings', '--output', 'TARGET']).split('\n');
    for (const at of mounts.filter((mount) => mount.startsWith(this.folder)).reverse()) {
      tool('umount', [at]);
    }
    tool('losetup', ['-d', this.node]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
