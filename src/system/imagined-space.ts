/**
 * Room on the file systems of a machine that is imagined to change: what is free in truth, less what was taken, and what came back. A block
 * is counted when it is allocated; what is overwritten in its place takes nothing.
 */
import { SystemError } from '../errors.ts';
import type { Partition } from './port.ts';

/** What a dry run tells whoever watches, as it happens. */
export interface Witness {
  /** One sentence for each effect. */
  readonly said: (sentence: string) => void;
  /** Blocks of a file system that were allocated. */
  readonly took: (volume: Volume, bytes: number) => void;
  /** Blocks that lost their last name: free now, or when the machine runs something else. */
  readonly gaveBack: (volume: Volume, bytes: number, when: 'now' | 'with the next boot') => void;
  /** A name that would lead to something else than before, from the top of its file system. */
  readonly changed: (volume: Volume, path: string) => void;
  /** Hook files that a stage would read. */
  readonly ran: (stage: string, files: readonly string[]) => void;
}

/** What a file takes, in whole blocks. */
export const BLOCK = 4096;

export function inBlocks(bytes: number): number {
  return Math.ceil(bytes / BLOCK) * BLOCK;
}

/** A file system with room of its own. */
export class Volume {
  readonly kind = 'volume';
  /** As people know it: the label of its partition, or where it is mounted. */
  readonly name: string;
  readonly device: string;
  /** Free in truth. */
  readonly freeBytes: number;
  lowestFreeBytes: number;
  nowFreeBytes: number;
  private readonly witness: Witness;

  constructor(named: Pick<Volume, 'name' | 'device' | 'freeBytes'>, witness: Witness) {
    this.name = named.name;
    this.device = named.device;
    this.freeBytes = named.freeBytes;
    this.lowestFreeBytes = named.freeBytes;
    this.nowFreeBytes = named.freeBytes;
    this.witness = witness;
  }

  take(bytes: number): void {
    if (bytes > this.nowFreeBytes) throw full(this.name);
    this.nowFreeBytes -= bytes;
    this.lowestFreeBytes = Math.min(this.lowestFreeBytes, this.nowFreeBytes);
    if (bytes > 0) this.witness.took(this, bytes);
  }

  giveBack(bytes: number, when: 'now' | 'with the next boot'): void {
    if (when === 'now') this.nowFreeBytes += bytes;
    if (bytes > 0) this.witness.gaveBack(this, bytes, when);
  }

  /** For what is no effect of the machine's: taken as far as there is room, and told to nobody. */
  hold(bytes: number): void {
    this.nowFreeBytes = Math.max(0, this.nowFreeBytes - bytes);
    this.lowestFreeBytes = Math.min(this.lowestFreeBytes, this.nowFreeBytes);
  }

  changed(path: string): void {
    this.witness.changed(this, path);
  }
}

export function full(name: string): SystemError {
  return new SystemError({
    code: 'no-space',
    message: `cannot write to ${name}`,
    reason: 'no space left on device',
    hint: 'free some space there',
  });
}

/** What an empty file system takes of a sparse image, measured: the tables of each 128 MiB, and the journal. */
export function emptyImageBytes({ bytes, fs }: { readonly bytes: number; readonly fs: string }) {
  const groups = Math.ceil(bytes / (128 * MIB));
  return 64 * KIB + groups * 44 * KIB + (fs === 'ext4' ? journalBytes(bytes) : 0);
}

/** What a partition has for files when it was just formatted. */
export function newPartitionBytes({ bytes }: Pick<Partition, 'bytes'>): number {
  return Math.max(0, bytes * 0.98 - journalBytes(bytes));
}

/** By the rule of mke2fs. */
function journalBytes(bytes: number): number {
  const steps = [
    [128 * MIB, 4],
    [1024 * MIB, 16],
    [2048 * MIB, 32],
    [16_384 * MIB, 64],
    [32_768 * MIB, 128],
  ] as const;
  return (steps.find(([below]) => bytes < below)?.[1] ?? 256) * MIB;
}

const KIB = 2 ** 10;
const MIB = 2 ** 20;
