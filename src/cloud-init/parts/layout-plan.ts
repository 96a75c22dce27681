import type { Step } from '../step.ts';
import { EntryError } from './entry-error.ts';
import type { FileSystemKind } from './layout-file-systems.ts';
import { fileSystemKind } from './layout-file-systems.ts';
import type { PartitionTable, TablePartition } from './layout-table.ts';

type Layout = NonNullable<Step['layout']>;
type Addition = NonNullable<Layout['add_partitions']>[number];

/** What is done to a disk; positions and sizes in sectors. Either all of it fits, or there is no plan. */
export interface LayoutPlan {
  /** The last partition, and the size that it is to have; its own size when only its file system may have to grow. */
  readonly growth?: { readonly partition: TablePartition; readonly size: number };
  readonly additions: readonly PlannedPartition[];
  /** The backup of the GPT is to move to the end of a disk that has grown. */
  readonly moveBackup: boolean;
}

export interface PlannedPartition {
  readonly entry: Addition;
  readonly kind: FileSystemKind;
  readonly start: number;
  readonly size: number;
  /** Left by an earlier run that was interrupted: it is there, without a file system. */
  readonly unfinished?: TablePartition;
}

export interface PlanningFacts {
  readonly disk: string;
  /** Of the disk, in sectors of 512 bytes. */
  readonly sectors: number;
  readonly table: PartitionTable;
  /** Labels of all file systems of the machine. */
  readonly labels: ReadonlySet<string>;
  /** The only partition that may grow, where the layout names a partition instead of a disk. */
  readonly only?: string;
}

/**
 * Type of a partition whose file system is not made yet. It tells the next run what an interrupted one has left, so that
 * nothing else is ever formatted.
 */
export const unfinishedType = {
  gpt: '6E9A7C0B-3D51-4B8E-9C54-0F1B7A2D63E8',
  dos: '7f',
} as const;

const mebibyte = 1024 * 1024;

/**
 * Plans a layout: growth comes before the additions, as in the reference. Throws an `EntryError` when something does not
 * fit, before anything is written. An addition whose file-system label is anywhere on the machine, or whose partition label
 * is on the disk, is there already.
 */
export function planLayout(wanted: Layout, facts: PlanningFacts): LayoutPlan {
  const { table } = facts;
  const additions = (wanted.add_partitions ?? []).map(checked);
  const end = endOfDisk(facts);
  const growth =
    wanted.expand_partition === undefined
      ? undefined
      : planGrowth({ asked: wanted.expand_partition.size ?? 0, additions }, facts, end);
  const grown = table.partitions.map((partition) =>
    partition === growth?.partition ? { ...partition, size: growth.size } : partition,
  );
  const planned = planAdditions({ additions, grown, end }, facts);
  const fresh = planned.some(({ unfinished }) => unfinished === undefined);
  const grows = growth !== undefined && growth.size > growth.partition.size;
  const last = table.lastSector;
  return {
    ...(growth === undefined ? {} : { growth }),
    additions: planned,
    moveBackup: (fresh || grows) && last !== undefined && last < end - 1,
  };
}

interface Checked {
  readonly entry: Addition;
  readonly kind: FileSystemKind;
}

function checked(entry: Addition): Checked {
  const kind = fileSystemKind(entry.filesystem);
  const { fsLabel = '', pLabel = '' } = entry;
  const known = kind.make === undefined ? pLabel : fsLabel || pLabel;
  if (known === '') {
    throw new EntryError(
      kind.make === undefined
        ? 'a partition without a file system needs `pLabel`: every run would add it again'
        : 'a partition needs `fsLabel` or `pLabel`: every run would add it again',
    );
  }
  for (const label of [fsLabel, pLabel]) {
    if (!/^[^\p{Cc}"\\]*$/u.test(label)) {
      throw new EntryError(
        `the label ${JSON.stringify(label)} has characters that a label cannot have`,
      );
    }
  }
  if (kind.make !== undefined && Buffer.byteLength(fsLabel) > kind.mostLabel) {
    const most = String(kind.mostLabel);
    throw new EntryError(
      `the label ${fsLabel} is longer than the ${most} bytes of ${entry.filesystem || 'ext4'}`,
    );
  }
  if (pLabel.length > 36) {
    throw new EntryError(`the partition label ${pLabel} is longer than 36 characters`);
  }
  return { entry, kind };
}

/** First sector behind the room for partitions, on a boundary of 1 MiB. */
function endOfDisk({ sectors, table }: PlanningFacts): number {
  const all = Math.floor((sectors * 512) / table.sectorBytes);
  const behindTable = Math.ceil((128 * 128) / table.sectorBytes) + 1;
  return table.kind === 'gpt'
    ? alignDown(all - behindTable, table)
    : alignDown(Math.min(all, 2 ** 32 - 1), table);
}

function planGrowth(
  wanted: { readonly asked: number; readonly additions: readonly Checked[] },
  facts: PlanningFacts,
  end: number,
): LayoutPlan['growth'] {
  const { table, disk, only } = facts;
  const partition = table.partitions.findLast(
    // With a size, what this layout itself has added behind stays out: the next run must not take it for the last one.
    (candidate) => wanted.asked === 0 || !isAdded(candidate, wanted.additions),
  );
  if (partition === undefined) {
    throw new EntryError(`${disk} has no partition that could grow`);
  }
  if (only !== undefined && only !== partition.node) {
    throw new EntryError(`${only} cannot grow: ${partition.node} is the last partition of ${disk}`);
  }
  if (table.kind === 'dos' && table.partitions.some(({ type }) => /^(?:5|f|85)$/i.test(type))) {
    throw new EntryError(`${disk} has an extended partition: it is not grown`);
  }
  const next = table.partitions.find(({ start }) => start > partition.start);
  const room = Math.max((next?.start ?? end) - partition.start, partition.size);
  const asked = toSectors(wanted.asked, table);
  if (asked > room) {
    throw new EntryError(
      `${partition.node} cannot grow to ${String(wanted.asked)} MiB: there is room for ${inMebibytes(room, table)} MiB`,
    );
  }
  return { partition, size: Math.max(wanted.asked === 0 ? room : asked, partition.size) };
}

/** By its partition label only: a msdos table has none, and what it adds is last on purpose. */
function isAdded(partition: TablePartition, additions: readonly Checked[]): boolean {
  return additions.some(({ entry }) => Boolean(entry.pLabel) && entry.pLabel === partition.name);
}

function planAdditions(
  wanted: {
    readonly additions: readonly Checked[];
    readonly grown: readonly TablePartition[];
    readonly end: number;
  },
  facts: PlanningFacts,
): readonly PlannedPartition[] {
  const { table, disk, labels } = facts;
  const isUnfinished = ({ type }: TablePartition): boolean =>
    type.toUpperCase() === unfinishedType[table.kind].toUpperCase();
  const unfinished = wanted.grown.filter(isUnfinished);
  const planned: PlannedPartition[] = [];
  let free = wanted.grown.reduce((most, { start, size }) => Math.max(most, start + size), 0);
  free = alignUp(Math.max(free, table.firstSector, toSectors(1, table)), table);
  for (const { entry, kind } of wanted.additions) {
    const { fsLabel = '', pLabel = '' } = entry;
    const left = unfinished.find(({ name }) => table.kind === 'dos' || name === pLabel);
    if (left !== undefined && kind.make !== undefined) {
      unfinished.splice(unfinished.indexOf(left), 1);
      planned.push({ entry, kind, start: left.start, size: left.size, unfinished: left });
      continue;
    }
    const isThere =
      (fsLabel !== '' && labels.has(fsLabel)) ||
      (pLabel !== '' && wanted.grown.some(({ name }) => name === pLabel));
    if (isThere) {
      continue;
    }
    const size = entry.size ? toSectors(entry.size, table) : wanted.end - free;
    if (size < toSectors(1, table) || free + size > wanted.end) {
      const room = inMebibytes(Math.max(wanted.end - free, 0), table);
      throw new EntryError(
        `${disk} is too small for the partition ${fsLabel || pLabel}: it needs ${entry.size ? String(entry.size) : 'at least 1'} MiB, ${room} MiB are free behind the last partition`,
      );
    }
    planned.push({ entry, kind, start: free, size });
    free = alignUp(free + size, table);
  }
  const [stray] = unfinished;
  if (stray !== undefined) {
    throw new EntryError(
      `${stray.node} was left by an interrupted layout that this one does not ask for: remove it with \`sfdisk --delete ${disk} ${String(stray.number)}\``,
    );
  }
  const fresh = planned.filter((addition) => addition.unfinished === undefined).length;
  if (table.kind === 'dos' && fresh > 0 && wanted.grown.length + fresh > 4) {
    throw new EntryError(`${disk} has a msdos partition table: it holds four partitions`);
  }
  return planned;
}

function toSectors(mebibytes: number, { sectorBytes }: PartitionTable): number {
  return mebibytes * (mebibyte / sectorBytes);
}

function inMebibytes(sectors: number, { sectorBytes }: PartitionTable): string {
  return String(Math.floor((sectors * sectorBytes) / mebibyte));
}

function alignUp(sector: number, table: PartitionTable): number {
  const unit = toSectors(1, table);
  return Math.ceil(sector / unit) * unit;
}

function alignDown(sector: number, table: PartitionTable): number {
  const unit = toSectors(1, table);
  return Math.floor(sector / unit) * unit;
}
