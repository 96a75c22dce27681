/**
 * What a reader of a disk depends on, in one word for each thing it looks at: two disks with the same word look the same to that reader, so
 * one of them is looked at. GRUB takes blocks as they are and never reads a journal; the kernel replays it first.
 */
import { partitionsIn, PARTITION_TABLE_BYTES, type ColdPartition } from '../cold-partitions.ts';
import { BLOCK, blockDigest, bytesAt, layerOver, type Content } from './content.ts';
import { journalAt, type Journal } from './ext4-journal.ts';
import { wayTo, type Range } from './ext4-path.ts';

export interface Seen {
  readonly partitions: readonly ColdPartition[];
  /** A file of a partition as GRUB would read it. */
  grub(partition: ColdPartition, path: string): string;
  /** Everything on a partition, for the kernel. */
  kernel(partition: ColdPartition): string;
}

/** The whole disk, byte for byte. */
export function everyByte(content: Content, base: Content): string {
  return sum(changesOf(content, base), () => true);
}

/** How a disk differs from another in what readers see. `base`: the disk before anything was written. */
export function whatIsSeen(content: Content, base: Content): Seen {
  const partitions = partitionsIn(bytesAt(content, 0, PARTITION_TABLE_BYTES));
  const journals = new Map(
    partitions.map(({ number, offset }) => [number, journalAt(content, offset)]),
  );
  const changes = changesOf(content, base);
  const replayed = replay(content, journals);
  const kernelChanges = replayed === content ? changes : changesOf(replayed, base);
  const outside = sum(
    changes,
    (at) => !partitions.some((partition) => isIn(at, rangeOf(partition))),
  );
  const inside = (all: Changes, partition: ColdPartition): string => {
    const journal = journals.get(partition.number)?.places ?? [];
    return sum(
      all,
      // A block that the journal shares with a file counts as the file's.
      (at) => isIn(at, rangeOf(partition)) && !journal.some((place) => isWithin(at, place)),
    );
  };
  return {
    partitions,
    grub: (partition, path) => {
      const way = wayTo(content, partition.offset, path);
      if (way === 'doubt') return `${outside} ${inside(changes, partition)}`;
      return `${outside} way ${sum(changes, (at) => way.some((range) => touches(at, range)))}`;
    },
    kernel: (partition) => {
      const journal = journals.get(partition.number);
      const files = `${outside} ${inside(kernelChanges, partition)}`;
      if (journal !== undefined && journal.replay !== 'doubt') return files;
      // Of another kind, or half of something: every byte counts.
      return `${files} raw ${sum(changes, (at) => isIn(at, rangeOf(partition)))}`;
    },
  };
}

/** Where a block differs, from the start of the disk, and how. */
type Changes = readonly { readonly at: number; readonly change: bigint }[];

function changesOf(content: Content, base: Content): Changes {
  return [...content.written()]
    .map(([number, block]) => ({
      at: number * BLOCK,
      change: blockDigest(number, block) ^ blockDigest(number, base.block(number)),
    }))
    .filter(({ change }) => change !== 0n);
}

function sum(changes: Changes, counts: (at: number) => boolean): string {
  let total = 0n;
  for (const { at, change } of changes) if (counts(at)) total ^= change;
  return total.toString(16);
}

function rangeOf({ offset, bytes }: ColdPartition): Range {
  return { from: offset, to: offset + bytes };
}

function isIn(at: number, { from, to }: Range): boolean {
  return at >= from && at < to;
}

function isWithin(at: number, { from, to }: Range): boolean {
  return at >= from && at + BLOCK <= to;
}

function touches(at: number, { from, to }: Range): boolean {
  return at < to && at + BLOCK > from;
}

function replay(content: Content, journals: ReadonlyMap<number, Journal | undefined>): Content {
  const layer = layerOver(content);
  let replays = false;
  for (const journal of journals.values()) {
    if (journal === undefined || journal.replay === 'doubt') continue;
    for (const { offset, data } of journal.replay) {
      layer.write(offset, data);
      replays = true;
    }
  }
  return replays ? layer : content;
}
