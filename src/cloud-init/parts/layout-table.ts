import { EntryError } from './entry-error.ts';
import type { Disk } from './layout-device.ts';
import type { PartContext } from './part.ts';
import { readProgram } from './read-program.ts';
import { isSuccess } from './run-program.ts';

/** A partition; positions and sizes in sectors of the disk. */
export interface TablePartition {
  readonly number: number;
  readonly node: string;
  readonly start: number;
  readonly size: number;
  /** GPT: upper-case GUID; msdos: hexadecimal number. */
  readonly type: string;
  /** GPT only. */
  readonly name: string;
}

export interface PartitionTable {
  readonly kind: 'gpt' | 'dos';
  readonly sectorBytes: number;
  /** GPT: the first sector that its header leaves to partitions. */
  readonly firstSector: number;
  /** How many partitions it can hold; of a msdos table, without an extended one. */
  readonly most: number;
  /** `half-written`: one copy of a GPT is damaged, as a power cut leaves it, and the other one was read. */
  readonly state: 'sound' | 'half-written';
  /** By position on the disk. */
  readonly partitions: readonly TablePartition[];
}

/** The partition table of a disk; absent when the disk has none. A table that is neither GPT nor msdos is an error. */
export async function readTable(
  disk: Disk,
  context: PartContext,
): Promise<PartitionTable | undefined> {
  const { result, text } = await readProgram(context, ['sfdisk', '--json', disk.node]);
  if (!isSuccess(result)) {
    if (text.includes('does not contain a recognized partition table')) {
      return undefined;
    }
    throw new EntryError(`the partition table of ${disk.node} cannot be read: ${text.trim()}`);
  }
  return tableOf(disk, text);
}

/** Warnings of sfdisk may stand around its JSON. */
function tableOf({ node: disk, sectorBytes }: Disk, text: string): PartitionTable {
  const unreadable = new EntryError(`sfdisk says something about ${disk} that is not understood`);
  const table = field(parse(text, unreadable), 'partitiontable');
  const kind = field(table, 'label');
  if (kind !== 'gpt' && kind !== 'dos') {
    throw new EntryError(
      `${disk} has a partition table of the type ${asText(kind)}: gpt and dos are known`,
    );
  }
  const listed = field(table, 'partitions') ?? [];
  if (!Array.isArray(listed)) {
    throw unreadable;
  }
  return {
    kind,
    sectorBytes: asNumber(field(table, 'sectorsize')) ?? sectorBytes,
    firstSector: asNumber(field(table, 'firstlba')) ?? 0,
    most: kind === 'gpt' ? Number(asText(field(table, 'table-length')) || 128) : 4,
    state: /GPT table is corrupt/i.test(text) ? 'half-written' : 'sound',
    partitions: listed
      .map((entry): TablePartition => {
        const node = asText(field(entry, 'node'));
        const number = Number(/\d+$/.exec(node)?.[0]);
        const start = asNumber(field(entry, 'start'));
        const size = asNumber(field(entry, 'size'));
        if (start === undefined || size === undefined || !Number.isInteger(number)) {
          throw unreadable;
        }
        const type = asText(field(entry, 'type'));
        return { number, node, start, size, type, name: asText(field(entry, 'name')) };
      })
      .sort((left, right) => left.start - right.start),
  };
}

function parse(text: string, unreadable: EntryError): unknown {
  try {
    return JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1));
  } catch {
    throw unreadable;
  }
}

function field(of: unknown, name: string): unknown {
  return typeof of === 'object' && of !== null && Object.hasOwn(of, name)
    ? Reflect.get(of, name)
    : undefined;
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}
