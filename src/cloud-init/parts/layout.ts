import type { Step } from '../step.ts';
import { EntryError } from './entry-error.ts';
import { LayoutRefusal } from './layout-addition.ts';
import type { Disk, LabelledDevice } from './layout-device.ts';
import { findDisk, labelledDevices } from './layout-device.ts';
import { growFileSystem, growthOf, isBehind } from './layout-growth.ts';
import { withLayoutLock } from './layout-lock.ts';
import { mountPointOf } from './layout-mounts.ts';
import type { LayoutPlan, PlannedPartition } from './layout-plan.ts';
import { planLayout } from './layout-plan.ts';
import type { PartitionTable } from './layout-table.ts';
import { readTable } from './layout-table.ts';
import type { WrittenDisk } from './layout-write.ts';
import {
  mendTable,
  nodeOf,
  takeBack,
  writeFinalType,
  writeGrowth,
  writeNewTable,
  writePartition,
  writingTools,
} from './layout-write.ts';
import type { Part, PartContext } from './part.ts';
import { readProgram } from './read-program.ts';
import { endOf, isSuccess } from './run-program.ts';

type Layout = NonNullable<Step['layout']>;
type Device = NonNullable<Layout['device']>;

/**
 * Makes the last partition of a disk larger and adds partitions behind it. Everything is looked at first: what does not fit,
 * is not known or lacks a program is refused before the first write. What is there stays where it is; only room behind the
 * last partition is written to, and the end of the disk, where the second copy of a GPT is.
 *
 * What a power cut leaves, write by write:
 * - Each call of sfdisk writes the second copy of a GPT, then the entries and the header of the first, each flushed before the
 *   next. Before the first copy is touched, the old table counts; after its header, the new one. In between the two its
 *   checksum is wrong and the second copy, which is the new table, counts: for firmware and tools, and for Linux only with
 *   `gpt` on its command line. The next run mends it. A msdos table is one sector: the old or the new.
 * - Growth: the partition is larger, its file system is not. The next run sees the difference and grows it.
 * - Addition: a partition of our own type for unfinished ones, empty or half formatted. The next run formats it again, unless
 *   it is mounted: then it was complete. Any other partition is never formatted. Its proper type is written last.
 * - New table: none (the sector that protects a GPT is written last), or an empty one.
 *
 * Layouts wait for each other, those of other processes, too. SIGTERM, SIGINT and SIGKILL do not stop a call of sfdisk, only
 * what comes between; a program that fails has its new partition taken out of the table again.
 */
export const layout: Part = {
  name: 'layout',
  isAskedFor: ({ layout: wanted }) =>
    Boolean(wanted?.device?.path) ||
    Boolean(wanted?.device?.label) ||
    wanted?.expand_partition !== undefined ||
    (wanted?.add_partitions ?? []).length > 0,
  async run({ layout: wanted }, context) {
    if (wanted === undefined) {
      return;
    }
    if (context.target.scope === 'chroot') {
      throw new EntryError(
        '`layout` is not done in a chroot: it would divide a disk of the running machine; use a stage of the boot, or one without `-chroot`',
      );
    }
    const { device } = wanted;
    if (device === undefined || !(device.path || device.label)) {
      await context.warn(
        '`layout` names no disk by `device.path` or `device.label`: nothing is done',
        wanted.at,
      );
      return;
    }
    const disk = await findDisk(device, context);
    await needPrograms(['flock'], context);
    await withLayoutLock(async () => {
      try {
        await layOut(wanted, { device, disk }, context);
      } catch (error) {
        if (!(error instanceof LayoutRefusal)) {
          throw error;
        }
        await context.fail(error.message, error.at);
      }
    }, context);
  },
};

async function layOut(
  wanted: Layout,
  { device, disk }: { readonly device: Device; readonly disk: Disk },
  context: PartContext,
): Promise<void> {
  const table = await tableOf(disk, device, context);
  const devices = await labelledDevices(context);
  const plan = planLayout(wanted, { disk, table, devices });
  for (const { reason, at } of plan.skipped) {
    await context.warn(reason, at);
  }
  const growth = await growthToDo({ plan, table, devices, wanted }, context);
  await needPrograms(
    [
      ...(growth === undefined && plan.additions.length === 0 ? [] : writingTools),
      ...(growth?.tools ?? []),
      ...plan.additions.flatMap(({ kind }) => kind.make?.('', '')[0] ?? []),
    ],
    context,
  );
  if (growth !== undefined && !(await grow({ disk, table }, growth, context))) {
    return;
  }
  for (const planned of plan.additions) {
    // What follows would take the place of one that failed.
    const isDone = await context.attempt(planned.entry.at, () =>
      add({ disk, table }, planned, context),
    );
    if (!isDone) {
      return;
    }
  }
  if (growth !== undefined || plan.additions.length > 0) {
    await context.exec(['sfdisk', '--list', disk.node]);
  }
}

async function tableOf(disk: Disk, device: Device, context: PartContext): Promise<PartitionTable> {
  const table = await readTable(disk, context);
  if (table?.state === 'half-written') {
    const message = `one of the two copies of the partition table of ${disk.node} is damaged: it is made of the other one`;
    await context.warn(message, device.at);
    await needPrograms(writingTools, context);
    await mendTable({ disk, table }, context);
  }
  if (table !== undefined) {
    return table;
  }
  if (device.init_disk !== true) {
    throw new LayoutRefusal(
      `${disk.node} has no partition table: \`init_disk: true\` writes one`,
      device.at,
    );
  }
  const found = (await labelledDevices(context)).find(({ node }) => node === disk.node);
  const content = found?.type ?? '';
  if (content !== '' || (await mountPointOf(disk.node, context)) !== undefined) {
    throw new LayoutRefusal(
      `${disk.node} gets no partition table: there is something on it (${content || 'mounted'})`,
      device.at,
    );
  }
  await needPrograms(writingTools, context);
  await writeNewTable(disk, device.disk_name || 'YIP_DISK', context);
  const written = await readTable(disk, context);
  if (written === undefined) {
    throw new EntryError(`the new partition table of ${disk.node} cannot be read`);
  }
  return written;
}

interface Growth extends NonNullable<LayoutPlan['growth']> {
  readonly asked: NonNullable<Layout['expand_partition']>;
  readonly type: string;
  /** `stays`: the partition alone grows. */
  readonly content: 'grows' | 'stays';
  readonly tools: readonly string[];
}

async function growthToDo(
  {
    plan,
    table,
    devices,
    wanted,
  }: {
    readonly plan: LayoutPlan;
    readonly table: PartitionTable;
    readonly devices: readonly LabelledDevice[];
    readonly wanted: Layout;
  },
  context: PartContext,
): Promise<Growth | undefined> {
  const { growth } = plan;
  const asked = wanted.expand_partition;
  if (growth === undefined || asked === undefined) {
    return undefined;
  }
  const { node } = growth.partition;
  const type = devices.find((device) => device.node === node)?.type ?? '';
  const isLarger = growth.size > growth.partition.size;
  const bytes = growth.partition.size * table.sectorBytes;
  if (!isLarger && !(await isBehind({ node, type, bytes }, context))) {
    return undefined;
  }
  try {
    return { ...growth, asked, type, tools: [], ...growthOf({ node, type }) };
  } catch (error) {
    throw error instanceof EntryError ? new LayoutRefusal(error.message, asked.at) : error;
  }
}

async function grow(written: WrittenDisk, growth: Growth, context: PartContext): Promise<boolean> {
  const { partition, size, asked, type, content } = growth;
  return context.attempt(asked.at, async () => {
    await writeGrowth(written, growth, context);
    if (content === 'stays') {
      const what =
        type === ''
          ? 'there is no file system on it that could grow'
          : `what is on it (${type}) is left as it is`;
      await context.warn(`${partition.node} is larger now, ${what}`, asked.at);
      return;
    }
    const bytes = size * written.table.sectorBytes;
    await growFileSystem({ node: partition.node, type, bytes }, context);
  });
}

async function add(
  written: WrittenDisk,
  planned: PlannedPartition,
  context: PartContext,
): Promise<void> {
  const { kind, entry, state } = planned;
  try {
    await writePartition(written, planned, context);
    if (kind.make === undefined) {
      return;
    }
    const node = nodeOf(written.disk, planned.number);
    if (state === 'new' || (await mountPointOf(node, context)) === undefined) {
      const argv = kind.make(node, entry.fsLabel ?? '');
      const result = await context.exec(argv);
      if (!isSuccess(result)) {
        throw new EntryError(`\`${argv.join(' ')}\` ${endOf(result)}`);
      }
    }
    await writeFinalType(written, planned, context);
  } catch (error) {
    if (error instanceof EntryError) {
      await takeBack(written, planned, context);
    }
    throw error;
  }
}

async function needPrograms(names: readonly string[], context: PartContext): Promise<void> {
  const script = 'for name; do command -v "$name" > /dev/null || echo "$name"; done';
  const argv = ['/bin/sh', '-c', script, 'sh', ...new Set(names)] as const;
  const { text } = await readProgram(context, argv);
  const missing = text.split('\n').filter((name) => name !== '');
  if (missing.length > 0) {
    throw new EntryError(
      `nothing is done to the disk: these programs are not there: ${missing.join(', ')}`,
    );
  }
}
