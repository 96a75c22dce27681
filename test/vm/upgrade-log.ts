/** Where in the log of a disk's writes an upgrade did what is dangerous, and the disks that a power cut there leaves. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { firstWriteOf, type BlockState } from '../../src/proof/blocks/block-states.ts';
import type { LoggedRequest } from '../../src/proof/blocks/write-log.ts';

const run = promisify(execFile);

/** A state of the disk and what is special about it. */
export interface MomentState extends BlockState {
  readonly title: string;
}

/** The partition that the upgrade works on, as it is on the disk: places are absolute, in bytes. */
export interface StatePartition {
  /** Blocks of the journal. */
  readonly journal: ReadonlySet<number>;
  /** Blocks of the directory of the images. */
  readonly images: ReadonlySet<number>;
}

const BLOCK = 4096;

/** Asks the file system of a disk where these things are; an upgrade moves none of them. */
export async function statePartition(disk: string, offset: number): Promise<StatePartition> {
  const blocksOf = async (what: string): Promise<ReadonlySet<number>> => {
    const place = `${disk}?offset=${String(offset)}`;
    const { stdout } = await run('debugfs', ['-R', `blocks ${what}`, place], {
      maxBuffer: 64 * 1024 * 1024,
    });
    const numbers = stdout.split(/\s+/).filter((word) => word !== '');
    return new Set(numbers.map((word) => offset + Number(word) * BLOCK));
  };
  return { journal: await blocksOf('<8>'), images: await blocksOf('/cOS') };
}

/** The moments of an upgrade worth booting, in the order in which they come. */
export function dangerousMoments(
  log: readonly LoggedRequest[],
  partition: StatePartition,
): readonly MomentState[] {
  return [
    ...environmentMoments(log, 'arm-judgement', 'the judgement block'),
    ...renameMoments(log, partition, 'set-active'),
    ...renameMoments(log, partition, 'set-passive'),
    ...environmentMoments(log, 'publish-state', 'the GRUB environment'),
  ];
}

/**
 * `replace` writes the directory three times in its place: with the second name, with the rename, without the second name. Around the one
 * with the rename: it is in the journal alone; it is in its place and nothing else of its checkpoint is; all of that is but it.
 */
function renameMoments(
  log: readonly LoggedRequest[],
  { journal, images }: StatePartition,
  step: string,
): readonly MomentState[] {
  const { from, to } = spanOf(log, step);
  const writes = numbersWhere(log, from, to, (request) => touches(request, images));
  return writes.flatMap((directory, index) => {
    const commit = log.findLastIndex(
      (request, number) => number < directory && isCommit(request, journal),
    );
    const durable = durableAt(log, directory);
    const end = nextFlush(log, directory);
    const pending = range(durable, end).filter((number) => log[number]?.kind === 'write');
    const others = pending.filter((number) => number !== directory);
    const which = `${step}, checkpoint ${String(index + 1)}`;
    return [
      { title: `${which}: committed, not begun`, durable: commit + 1, made: [], how: 'none' },
      { title: `${which}: the directory alone`, durable, made: [directory], how: 'some' },
      ...(others.length === 0
        ? []
        : [
            {
              title: `${which}: all but the directory`,
              durable,
              made: others,
              how: 'some' as const,
            },
          ]),
    ];
  });
}

/** The 1024 bytes have arrived, or nothing since the last flush before them. */
function environmentMoments(
  log: readonly LoggedRequest[],
  step: string,
  what: string,
): readonly MomentState[] {
  const { from, to } = spanOf(log, step);
  const [write] = numbersWhere(
    log,
    from,
    to,
    ({ kind, ...request }) =>
      kind === 'write' && 'data' in request && request.data.includes('# GRUB Environment Block'),
  );
  if (write === undefined) throw new Error(`${step} wrote no environment block`);
  const durable = durableAt(log, write);
  return [
    { title: `${step}: before the write of ${what}`, durable, made: [], how: 'none' },
    { title: `${step}: ${what} alone`, durable, made: [write], how: 'some' },
  ];
}

function spanOf(
  log: readonly LoggedRequest[],
  step: string,
): { readonly from: number; readonly to: number } {
  return {
    from: firstWriteOf(log, `"step.started","step":"${step}"`),
    to: firstWriteOf(log, `"step.completed","step":"${step}"`),
  };
}

function numbersWhere(
  log: readonly LoggedRequest[],
  from: number,
  to: number,
  wanted: (request: LoggedRequest) => boolean,
): readonly number[] {
  return range(from, to).filter((number) => {
    const request = log[number];
    return request !== undefined && wanted(request);
  });
}

function touches(request: LoggedRequest, blocks: ReadonlySet<number>): boolean {
  if (request.kind !== 'write') return false;
  const { offset, data } = request;
  return range(0, Math.ceil(data.length / BLOCK)).some((block) =>
    blocks.has(offset + block * BLOCK),
  );
}

/** A commit block of the journal: jbd2's magic number and block type 2. */
function isCommit(request: LoggedRequest, journal: ReadonlySet<number>): boolean {
  if (request.kind !== 'write' || !touches(request, journal)) return false;
  return range(0, Math.floor(request.data.length / BLOCK)).some((block) => {
    const at = block * BLOCK;
    return (
      journal.has(request.offset + at) &&
      request.data.readUInt32BE(at) === JOURNAL_MAGIC &&
      request.data.readUInt32BE(at + 4) === COMMIT
    );
  });
}

const JOURNAL_MAGIC = 0xc03b3998;
const COMMIT = 2;

function durableAt(log: readonly LoggedRequest[], number: number): number {
  return log.slice(0, number).findLastIndex(({ kind }) => kind === 'flush') + 1;
}

function nextFlush(log: readonly LoggedRequest[], number: number): number {
  const found = log.findIndex(({ kind }, at) => at > number && kind === 'flush');
  return found === -1 ? log.length : found;
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}
