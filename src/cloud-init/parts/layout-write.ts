import { createHash } from 'node:crypto';
import { EntryError } from './entry-error.ts';
import type { Disk } from './layout-device.ts';
import { kernelNumber } from './layout-mounts.ts';
import type { PlannedPartition } from './layout-plan.ts';
import { unfinishedType } from './layout-plan.ts';
import type { PartitionTable, TablePartition } from './layout-table.ts';
import { readTable } from './layout-table.ts';
import type { PartContext } from './part.ts';
import { readProgram } from './read-program.ts';
import { endOf, isSuccess, runProgram } from './run-program.ts';

/** The disk that is written to, and what its table is. */
export interface WrittenDisk {
  readonly disk: Disk;
  readonly table: PartitionTable;
}

/** Programs without which nothing is begun. */
export const writingTools = ['sfdisk', 'partx', 'setsid', 'sync'] as const;

/**
 * Writes an empty GPT onto a disk that has no table. Its id is made of the name, so that the same name gives the same disk.
 */
export async function writeNewTable(disk: Disk, name: string, context: PartContext): Promise<void> {
  const script = `label: gpt\nlabel-id: ${diskId(name)}\n`;
  await writeTable(['--wipe', 'never', disk.node], script, context);
}

/** Writes both copies of a table anew when one of them is damaged, and tells the kernel, which may have seen no partition. */
export async function mendTable({ disk, table }: WrittenDisk, context: PartContext): Promise<void> {
  const [first] = table.partitions;
  if (table.state === 'half-written' && first !== undefined) {
    // sfdisk mends whenever it writes: the first partition gets the type that it has.
    await writeTable(['--part-type', disk.node, String(first.number), first.type], '', context);
    await runProgram(context, ['partx', '--update', disk.node]);
    await settle(context);
  }
}

/** Makes a partition larger; its start, type, name and id stay. What an interrupted run has written is only told to the kernel. */
export async function writeGrowth(
  { disk, table }: WrittenDisk,
  { partition, size }: { readonly partition: TablePartition; readonly size: number },
  context: PartContext,
): Promise<void> {
  const { number, start } = partition;
  if (size > partition.size) {
    const script = `start=${String(start)}, size=${String(size)}\n`;
    const which = ['-N', String(number), disk.node];
    await writeTable(['--wipe', 'never', '--wipe-partitions', 'never', ...which], script, context);
  }
  await tellKernel({ disk, table }, { number, start, size }, context);
}

/**
 * Adds a partition behind the others, with the type of an unfinished one when it is to be formatted. Old signatures in its
 * room are removed before the table names it, so that nobody takes it for what was there once. An unfinished one is only
 * told to the kernel.
 */
export async function writePartition(
  { disk, table }: WrittenDisk,
  planned: PlannedPartition,
  context: PartContext,
): Promise<void> {
  const { entry, kind, number, start, size, state } = planned;
  const type = kind.make === undefined ? finalType(planned, table) : unfinishedType[table.kind];
  const fields = [
    `start=${String(start)}`,
    `size=${String(size)}`,
    `type=${type}`,
    ...(table.kind === 'gpt' && entry.pLabel ? [`name="${entry.pLabel}"`] : []),
    ...(table.kind === 'dos' && entry.bootable === true ? ['bootable'] : []),
  ];
  if (state === 'new') {
    const script = `${nodeOf(disk, number)} : ${fields.join(', ')}\n`;
    const words = ['--wipe', 'never', '--wipe-partitions', 'always', '--append', disk.node];
    await writeTable(words, script, context);
  }
  await tellKernel({ disk, table }, planned, context);
}

/** Gives a partition the type that it was added for, once what is on it is on the disk. */
export async function writeFinalType(
  { disk, table }: WrittenDisk,
  planned: PlannedPartition,
  context: PartContext,
): Promise<void> {
  await runProgram(context, ['sync', nodeOf(disk, planned.number)]);
  const number = String(planned.number);
  await writeTable(['--part-type', disk.node, number, finalType(planned, table)], '', context);
}

/** Takes a partition out again that could not be finished; one that is not our unfinished one stays. */
export async function takeBack(
  { disk, table }: WrittenDisk,
  { number, start, size }: PlannedPartition,
  context: PartContext,
): Promise<void> {
  const now = await readTable(disk, context);
  const found = now?.partitions.find((partition) => partition.number === number);
  const isOurs =
    found?.start === start &&
    found.size === size &&
    found.type.toUpperCase() === unfinishedType[table.kind].toUpperCase();
  if (isOurs) {
    await context.exec(['partx', '--delete', '--nr', String(number), disk.node]);
    await writeTable(['--delete', disk.node, String(number)], '', context);
  }
}

/** As the kernel names partitions. */
export function nodeOf({ node }: Disk, number: number): string {
  return `${node}${/\d$/.test(node) ? 'p' : ''}${String(number)}`;
}

function finalType({ kind, entry }: PlannedPartition, table: PartitionTable): string {
  if (table.kind === 'dos') {
    return kind.dosType;
  }
  return entry.bootable === true ? kind.gptBootType : kind.gptType;
}

/**
 * One call of sfdisk. Between its writes it must not be stopped, neither by our own end nor by a signal to our group: so it
 * runs in a session of its own and this process waits for it.
 */
async function writeTable(
  words: readonly string[],
  script: string,
  context: PartContext,
): Promise<void> {
  const argv = ['setsid', '--wait', 'sfdisk', '--quiet', ...untold, ...words] as const;
  const unstopped = { ...context, signal: new AbortController().signal };
  const { result, text } = await readProgram(unstopped, argv, { stdin: script });
  if (!isSuccess(result)) {
    const reason = text.trim() === '' ? '' : `: ${text.trim()}`;
    throw new EntryError(`\`sfdisk ${words.join(' ')}\` ${endOf(result)}${reason}`);
  }
}

/** The kernel is told of one partition by `partx`: a disk in use is not read anew as a whole. */
const untold = ['--no-reread', '--no-tell-kernel'] as const;

/** Tells the kernel about a partition, and makes sure that the node is this partition and no other. */
async function tellKernel(
  { disk, table }: WrittenDisk,
  {
    number,
    start,
    size,
  }: { readonly number: number; readonly start: number; readonly size: number },
  context: PartContext,
): Promise<void> {
  await runProgram(context, ['partx', '--update', '--nr', String(number), disk.node]);
  await settle(context);
  const node = nodeOf(disk, number);
  const scale = table.sectorBytes / 512;
  const isIt =
    (await kernelNumber(node, 'start', context)) === start * scale &&
    (await kernelNumber(node, 'size', context)) === size * scale;
  if (!isIt) {
    throw new EntryError(`the kernel does not see ${node} as it is in the partition table`);
  }
}

/** udev reads the table anew when sfdisk lets the disk go, and takes all nodes away for a moment. Not everywhere there. */
async function settle(context: PartContext): Promise<void> {
  const script = 'command -v udevadm > /dev/null && exec udevadm settle --timeout=30';
  await context.exec(['/bin/sh', '-c', script]);
}

/** UUID of version 5 in the name space of URLs. */
function diskId(name: string): string {
  const space = Buffer.from('6ba7b8119dad11d180b400c04fd430c8', 'hex');
  const hash = createHash('sha1').update(space).update(name).digest();
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString('hex', 0, 16);
  return [8, 12, 16, 20, 32]
    .map((end, index, ends) => hex.slice(ends[index - 1] ?? 0, end))
    .join('-');
}
