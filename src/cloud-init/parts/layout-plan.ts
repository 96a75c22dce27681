import type { Step } from '../step.ts';
import type { Position } from '../yaml/node.ts';
import type { Addition, CheckedAddition } from './layout-addition.ts';
import { LayoutRefusal, checkAdditions } from './layout-addition.ts';
import type { Disk, LabelledDevice } from './layout-device.ts';
import type { FileSystemKind } from './layout-file-systems.ts';
import type { PartitionTable, TablePartition } from './layout-table.ts';

type Layout = NonNullable<Step['layout']>;

/** What is done to a disk; positions and sizes in sectors. Either all of it fits, or there is no plan. */
export interface LayoutPlan {
  /** The last partition, and the size that it is to have: its own when only its file system may have to grow. */
  readonly growth?: { readonly partition: TablePartition; readonly size: number };
  readonly additions: readonly PlannedPartition[];
  /** What is asked for and left out, and why. */
  readonly skipped: readonly { readonly reason: string; readonly at: Position }[];
}

export interface PlannedPartition {
  readonly entry: Addition;
  readonly kind: FileSystemKind;
  readonly number: number;
  readonly start: number;
  readonly size: number;
  /** `unfinished`: it is there from an earlier run that was interrupted, without a file system that counts. */
  readonly state: 'new' | 'unfinished';
}

export interface PlanningFacts {
  readonly disk: Disk;
  readonly table: PartitionTable;
  /** Of the whole machine: a label that is anywhere is taken. */
  readonly devices: readonly LabelledDevice[];
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
 * Plans a layout: growth comes before the additions, as in the reference. Throws a `LayoutRefusal` when something does not
 * fit, before anything is written. An addition is there already when its file-system label is anywhere on the machine, or its
 * partition label on the disk.
 */
export function planLayout(wanted: Layout, facts: PlanningFacts): LayoutPlan {
  const { disk, table } = facts;
  if (table.kind === 'dos' && table.partitions.some(({ type }) => /^(?:5|f|85)$/i.test(type))) {
    throw new LayoutRefusal(`${disk.node} has an extended partition: it is left alone`, wanted.at);
  }
  const additions = checkAdditions(wanted.add_partitions ?? [], table.kind);
  const end = endOfRoom(facts);
  const growth = planGrowth({ layout: wanted, additions, end }, facts);
  const grown = table.partitions.map((partition) =>
    partition === growth?.partition ? { ...partition, size: growth.size } : partition,
  );
  const added = planAdditions({ additions, grown, end }, facts);
  const asked = wanted.expand_partition;
  const isLarger =
    growth !== undefined && growth.partition.size > toSectors(asked?.size ?? 0, table);
  const shrunk =
    asked?.size && isLarger
      ? [
          {
            reason: `${growth.partition.node} has more than ${String(asked.size)} MiB already: nothing is made smaller`,
            at: asked.at,
          },
        ]
      : [];
  return {
    ...(growth === undefined ? {} : { growth }),
    additions: added.additions,
    skipped: [...shrunk, ...added.skipped],
  };
}

/** First sector behind the room for partitions, on a boundary of 1 MiB. */
function endOfRoom({ disk, table }: PlanningFacts): number {
  const all = Math.floor(disk.bytes / table.sectorBytes);
  const backup = Math.ceil((Math.max(table.most, 128) * 128) / table.sectorBytes) + 1;
  return alignDown(table.kind === 'gpt' ? all - backup : Math.min(all, 2 ** 32 - 1), table);
}

function planGrowth(
  wanted: {
    readonly layout: Layout;
    readonly additions: readonly CheckedAddition[];
    readonly end: number;
  },
  { table, disk, devices }: PlanningFacts,
): LayoutPlan['growth'] {
  const asked = wanted.layout.expand_partition;
  if (asked === undefined) {
    return undefined;
  }
  const size = asked.size ?? 0;
  const partition = table.partitions.findLast(
    // With a size, what this layout itself has added behind stays out: the next run must not take it for the last one.
    (candidate) => size === 0 || !isAdded(candidate, { ...wanted, devices, kind: table.kind }),
  );
  if (partition === undefined) {
    throw new LayoutRefusal(`${disk.node} has no partition that could grow`, asked.at);
  }
  if (isUnfinished(partition.type, table.kind)) {
    throw strayPartition(partition, disk, asked.at);
  }
  if (disk.partition !== undefined && disk.partition !== partition.node) {
    const last = `${partition.node} is the last partition of ${disk.node}`;
    throw new LayoutRefusal(`${disk.partition} cannot grow: ${last}`, asked.at);
  }
  const next = table.partitions.find(({ start }) => start > partition.start);
  const room = Math.max((next?.start ?? wanted.end) - partition.start, partition.size);
  const target = toSectors(size, table);
  if (target > room) {
    throw new LayoutRefusal(
      `${partition.node} cannot grow to ${String(size)} MiB: there is room for ${inMebibytes(room, table)} MiB`,
      asked.at,
    );
  }
  return { partition, size: Math.max(size === 0 ? room : target, partition.size) };
}

function isAdded(
  { name, node, type }: TablePartition,
  by: {
    readonly additions: readonly CheckedAddition[];
    readonly devices: readonly LabelledDevice[];
    readonly kind: PartitionTable['kind'];
  },
): boolean {
  const label = by.devices.find((device) => device.node === node)?.label ?? '';
  return by.additions.some(
    ({ entry: { fsLabel, pLabel } }) =>
      isUnfinished(type, by.kind) ||
      (Boolean(pLabel) && pLabel === name) ||
      (Boolean(fsLabel) && fsLabel === label),
  );
}

function planAdditions(
  wanted: {
    readonly additions: readonly CheckedAddition[];
    readonly grown: readonly TablePartition[];
    readonly end: number;
  },
  facts: PlanningFacts,
): Pick<LayoutPlan, 'additions' | 'skipped'> {
  const { table, disk } = facts;
  const unfinished = wanted.grown.filter(({ type }) => isUnfinished(type, table.kind));
  const numbers = new Set(wanted.grown.map(({ number }) => number));
  const planned: PlannedPartition[] = [];
  const skipped: LayoutPlan['skipped'][number][] = [];
  const occupied = wanted.grown.reduce((most, { start, size }) => Math.max(most, start + size), 0);
  let free = alignUp(Math.max(occupied, table.firstSector, toSectors(1, table)), table);
  for (const { entry, kind, label } of wanted.additions) {
    const left = unfinished.find((partition) => isLeftOf(partition, { entry, kind }, table));
    const there = holderOf(entry, facts, left);
    if (there !== undefined) {
      skipped.push({ reason: `${there}: the partition ${label} is not added`, at: entry.at });
      continue;
    }
    if (left !== undefined) {
      unfinished.splice(unfinished.indexOf(left), 1);
      const { number, start, size } = left;
      planned.push({ entry, kind, number, start, size, state: 'unfinished' });
      continue;
    }
    const size = entry.size ? toSectors(entry.size, table) : wanted.end - free;
    if (size < toSectors(1, table) || free + size > wanted.end) {
      const need = entry.size ? `${String(entry.size)} MiB` : 'at least 1 MiB';
      const room = `${inMebibytes(Math.max(wanted.end - free, 0), table)} MiB`;
      throw new LayoutRefusal(
        `${disk.node} is too small for the partition ${label}: it needs ${need}, ${room} are free behind the last partition`,
        entry.at,
      );
    }
    const number = freeNumber(numbers, table.most);
    if (number === undefined) {
      const most = `${String(table.most)} partitions`;
      throw new LayoutRefusal(
        `the partition table of ${disk.node} is full: it holds ${most}`,
        entry.at,
      );
    }
    numbers.add(number);
    planned.push({ entry, kind, number, start: free, size, state: 'new' });
    free = alignUp(free + size, table);
  }
  const [stray] = unfinished;
  const [first] = wanted.additions;
  if (stray !== undefined && first !== undefined) {
    throw strayPartition(stray, disk, first.entry.at);
  }
  return { additions: planned, skipped };
}

function isUnfinished(type: string, kind: PartitionTable['kind']): boolean {
  return type.toUpperCase() === unfinishedType[kind].toUpperCase();
}

function strayPartition({ node, number }: TablePartition, disk: Disk, at: Position): LayoutRefusal {
  const command = `sfdisk --delete ${disk.node} ${String(number)}`;
  return new LayoutRefusal(
    `${node} was left by an interrupted layout that this one does not ask for: remove it with \`${command}\``,
    at,
  );
}

/** Made for this entry by a run that was interrupted. A msdos table has no names: there the size must tell. */
function isLeftOf(
  { name, size }: TablePartition,
  { entry, kind }: Pick<CheckedAddition, 'entry' | 'kind'>,
  table: PartitionTable,
): boolean {
  return (
    kind.make !== undefined &&
    (table.kind === 'dos' || name === (entry.pLabel ?? '')) &&
    (!entry.size || size === toSectors(entry.size, table))
  );
}

/** What carries a label of the entry already, in words. */
function holderOf(
  { fsLabel, pLabel }: Addition,
  { devices, table }: PlanningFacts,
  left: TablePartition | undefined,
): string | undefined {
  const other = devices.find(
    ({ label, node }) => Boolean(fsLabel) && label === fsLabel && node !== left?.node,
  );
  if (other !== undefined) {
    return `the label ${other.label} is on ${other.node}`;
  }
  const named = table.partitions.find(
    (partition) => Boolean(pLabel) && partition.name === pLabel && partition !== left,
  );
  return named === undefined ? undefined : `the partition label ${named.name} is on ${named.node}`;
}

/** Behind the highest where there is one, as partitions are behind each other. */
function freeNumber(taken: ReadonlySet<number>, most: number): number | undefined {
  const behind = Math.max(0, ...taken) + 1;
  return behind <= most
    ? behind
    : Array.from({ length: most }, (_, index) => index + 1).find((number) => !taken.has(number));
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
