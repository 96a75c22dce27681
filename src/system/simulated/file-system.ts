/**
 * A journaling file system on one partition, in three layers: what the running kernel sees, what survives a cut after
 * the journal is replayed, and what a reader sees that does not replay it (GRUB). Between the last two, every name and
 * every inode is old or new on its own: that was measured (architecture section 5), and it is what `boot-view.ts` enumerates.
 */
import { SystemError } from '../../errors.ts';
import { torn, usedBytes } from './inode.ts';
import { EMPTY_TREE, withInode, withoutOrphans } from './tree.ts';
import type { Tree } from './tree.ts';

/** What a cut leaves of what was not settled. */
export type UnsettledData = 'lost' | 'kept' | 'torn';

export interface FileSystemFacts {
  /** Stands for the device number in file identities. */
  readonly name: string;
  readonly label: string;
  readonly capacity: number;
  readonly tree?: Tree;
  /** It cannot be mounted any more. */
  readonly condition?: 'damaged';
}

/** A state of the tree and the one before it, back to the last checkpoint. */
interface Version {
  readonly tree: Tree;
  readonly before?: Version;
}

export class SimulatedFileSystem {
  readonly facts: FileSystemFacts;
  mode: 'ro' | 'rw' = 'ro';
  freeze: 'thawed' | 'frozen' = 'thawed';
  /** Inodes kept alive by a loop device although they may have no name. */
  readonly held = new Set<number>();
  /** Images written through a loop device and not yet flushed into their file. */
  private readonly behindLoop = new Set<number>();
  private latest: Version;
  private durable: { readonly version: Version; readonly tree: Tree };

  constructor(facts: FileSystemFacts) {
    this.facts = facts;
    this.latest = { tree: facts.tree ?? EMPTY_TREE };
    this.durable = { version: this.latest, tree: this.latest.tree };
  }

  /** A file system after a cut. Mounting it replays the journal: then all readers see the same. */
  static from(disk: UnmountedFileSystem, mounted: 'mounted' | 'unmounted'): SimulatedFileSystem {
    const fs = new SimulatedFileSystem({ ...disk.facts, tree: disk.tree });
    if (mounted === 'unmounted') {
      for (const tree of disk.versions) fs.latest = { tree, before: fs.latest };
      fs.latest = { tree: disk.tree, before: fs.latest };
      fs.durable = { version: fs.latest, tree: disk.tree };
    }
    return fs;
  }

  /** What the running kernel sees. */
  get tree(): Tree {
    return this.latest.tree;
  }

  /** An image runs whose last name is gone: ext4 cannot become read-only then. */
  get keepsNameless(): boolean {
    const named = new Set(this.tree.names.values());
    return [...this.held].some((ino) => !named.has(ino));
  }

  get free(): number {
    return this.facts.capacity - used(this.tree);
  }

  /** Puts a new state in place; visible at once, durable after {@link commit}. */
  change(tree: Tree): void {
    this.assertWritable();
    if (used(tree) > this.facts.capacity && used(tree) > used(this.tree)) {
      throw new SystemError({
        code: 'no-space',
        message: `cannot write to ${this.facts.label}`,
        reason: 'no space left on device',
        hint: 'free some space there',
      });
    }
    this.latest = { tree, before: this.latest };
  }

  assertWritable(): void {
    if (this.freeze === 'frozen') {
      throw new SystemError({
        code: 'frozen',
        message: `a write to ${this.facts.label} would hang`,
        reason: 'the file system is frozen',
      });
    }
    if (this.mode === 'ro') {
      throw new SystemError({
        code: 'read-only',
        message: `cannot write to ${this.facts.label}`,
        reason: 'read-only file system',
      });
    }
  }

  /** The content of an image was changed through a mount of it: a sync of this file system does not reach that. */
  dirtyBehindLoop(ino: number): void {
    this.behindLoop.add(ino);
  }

  /** The loop device was flushed or is gone: its data is in the file, as unsettled as any other. */
  flushLoop(ino: number): void {
    this.behindLoop.delete(ino);
  }

  /** Everything so far survives a cut: sync, fsync. */
  commit(): void {
    let tree = this.latest.tree;
    for (const ino of this.behindLoop) {
      const inode = tree.inodes.get(ino);
      if (inode === undefined) continue;
      tree = withInode(tree, ino, torn(inode, this.durable.tree.inodes.get(ino)));
    }
    this.durable = { version: this.latest, tree };
  }

  /** Everything so far is in its place on the disk, for readers that do not replay the journal. */
  checkpoint(): void {
    this.commit();
    this.latest = { tree: this.latest.tree };
    this.durable = { version: this.latest, tree: this.durable.tree };
  }

  /** The same file system at the same moment, for another course of events. */
  fork(): SimulatedFileSystem {
    const other = new SimulatedFileSystem(this.facts);
    other.mode = this.mode;
    other.freeze = this.freeze;
    for (const ino of this.held) other.held.add(ino);
    for (const ino of this.behindLoop) other.behindLoop.add(ino);
    other.latest = this.latest;
    other.durable = this.durable;
    return other;
  }

  /** What is on the disk after the power went. */
  cut(data: UnsettledData): UnmountedFileSystem {
    const landed = data === 'lost' ? this.durable.tree : this.landed(data);
    const last = data === 'lost' ? this.durable.version : this.latest;
    const versions: Tree[] = [landed];
    for (let at: Version | undefined = last; at !== undefined; at = at.before)
      versions.push(at.tree);
    return { facts: this.facts, tree: withoutOrphans(landed, new Set()), versions };
  }

  private landed(data: 'kept' | 'torn'): Tree {
    if (data === 'kept') return this.tree;
    const settled = this.durable.tree.inodes;
    const inodes = new Map(
      [...this.tree.inodes].map(([ino, inode]) => [ino, torn(inode, settled.get(ino))]),
    );
    return { names: this.tree.names, inodes };
  }
}

/** A file system nobody has mounted. */
export interface UnmountedFileSystem {
  readonly facts: FileSystemFacts;
  /** What the kernel will see: the journal is replayed when it is mounted. */
  readonly tree: Tree;
  /** Every state a reader that does not replay the journal may still find pieces of. */
  readonly versions: readonly Tree[];
}

function used(tree: Tree): number {
  let sum = 0;
  for (const inode of tree.inodes.values()) sum += usedBytes(inode);
  return sum;
}
