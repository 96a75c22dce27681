/** The chain over all segments of a device, verified as a whole. Pure: bytes in, verdict out. */
import { LogCorruptError } from '../src/errors.ts';
import { EXIT } from '../src/exit-codes.ts';
import { CHAIN_START, foreignLog, GENESIS, type Link } from './record.ts';
import type { EventRecord, SegmentName } from './records.ts';
import { isSegment, type Fault } from './segment.ts';
import { segmentFile, type SegmentBytes, type SegmentFile } from './segment-file.ts';
import type { SegmentIndex } from './segment-index.ts';

/** One file of the log. A long operation may have several: another one may run before its tail is done. */
export interface ChainFile extends SegmentName {
  /** Bytes of its verified records. */
  readonly bytes: number;
  readonly records: number;
  /** The place in the chain it builds on. */
  readonly after: Link;
  readonly head: Link;
  /** True when an operation was started here. */
  readonly starts: boolean;
  /** True when an operation was completed here. */
  readonly completes: boolean;
}

/** What an interrupted append left at the end of the log; never an acknowledged record. */
export interface TornTail extends Fault {
  readonly segment: string;
  readonly bytes: number;
  /** Bytes to keep; at 0 the segment holds nothing. */
  readonly keep: number;
}

export interface Chain {
  readonly files: readonly ChainFile[];
  /** Each file that was not pruned, as it was read. */
  readonly read: ReadonlyMap<string, SegmentFile>;
  readonly head: Link;
  readonly tornTail?: TornTail;
  /** Segments that a `log.pruned` record names and that are still there. */
  readonly leftovers: readonly string[];
}

/**
 * Verifies a log. `anchor` is the last place known from elsewhere (the registry): if the chain does not hold it, what is
 * missing was acknowledged. Throws `LogCorruptError` naming segment and line, or `log-foreign`; changes nothing.
 */
export function verifyChain(
  log: readonly SegmentBytes[],
  anchor?: Link,
  index?: SegmentIndex,
): Chain {
  const read = log.map((one) => segmentFile(one, index));
  const pruned = read.flatMap((one) => one.pruned);
  const names = new Set(pruned.flatMap(({ segments }) => segments));
  const kept = read.filter(({ segment }) => !names.has(segment));
  const starts = new Set([GENESIS, ...pruned.map(({ head }) => head)]);

  const files: ChainFile[] = [];
  let tornTail: TornTail | undefined;
  let head: Link | undefined;
  for (const [index, one] of kept.entries()) {
    const { segment, file, goodBytes } = one;
    const last = index === kept.length - 1;
    if (one.foreign !== undefined) throw foreignLog(segment, one.foreign.line, one.foreign.format);
    const damage = one.damage ?? (last ? undefined : one.tail);
    if (damage !== undefined) throw damagedLog(segment, damage);
    if (last && (one.tail !== undefined || goodBytes === 0)) {
      const fault = one.tail ?? { line: 1, why: 'it is empty', bytes: 0 };
      tornTail = { segment, ...fault, keep: goodBytes };
    }
    if (goodBytes === 0) {
      if (last) continue;
      throw damagedLog(segment, { line: 1, why: 'it is empty' });
    }
    const after = file?.after ?? afterOf(one.records);
    const follows =
      head === undefined
        ? starts.has(after.hash) && (after.hash === GENESIS) === (after.seq === 0)
        : after.hash === head.hash && after.seq === head.seq;
    if (!follows) throw damagedLog(segment, { line: 1, why: brokenLink(head) });
    if (file === undefined) {
      const [first] = one.records;
      throw damagedLog(segment, { line: 1, why: `it belongs to operation ${first?.op ?? '?'}` });
    }
    files.push(file);
    head = file.head;
  }
  const chain: Chain = {
    files,
    read: new Map(kept.map((one) => [one.segment, one])),
    head: head ?? CHAIN_START,
    leftovers: read.map(({ segment }) => segment).filter((segment) => names.has(segment)),
    ...(tornTail === undefined ? {} : { tornTail }),
  };
  const lost = anchor === undefined ? undefined : lostSince(anchor, chain, read);
  if (lost !== undefined) throw lost;
  return chain;
}

/** Error for a log that is broken where it may not be. */
export function damagedLog(segment: string, fault: Fault): LogCorruptError {
  return new LogCorruptError({
    code: 'log-damaged',
    message: `the event log is damaged: segment ${segment}, line ${fault.line}${atByte(fault)}`,
    reason: fault.why,
    hint: 'nothing was changed. Keep a copy of the events directory; compare it with the copies on COS_RECOVERY; "slotwright reset --force", run in recovery, goes on without it',
    exit: EXIT.logDamaged,
  });
}

const atByte = ({ byte }: Fault): string => (byte === undefined ? '' : `, from byte ${byte}`);

/** Describes the file that these records make. */
export function chainFile(
  name: SegmentName,
  records: readonly EventRecord[],
  bytes: number,
): ChainFile {
  const last = records.at(-1);
  const after = afterOf(records);
  return {
    ...name,
    bytes,
    records: records.length,
    after,
    head: last === undefined ? after : { seq: last.seq, hash: last.hash },
    starts: records.some(({ event }) => event.type === 'operation.started'),
    completes: records.some(({ event }) => event.type === 'operation.completed'),
  };
}

function afterOf([first]: readonly EventRecord[]): Link {
  return first === undefined ? CHAIN_START : { seq: first.seq - 1, hash: first.prev };
}

function brokenLink(head: Link | undefined): string {
  return head === undefined
    ? 'the segments before it are missing, and no record says that they were pruned'
    : `it does not follow record ${head.seq}, the last one of the segment before it`;
}

/** A `log.pruned` record of any version that has the two fields we know. */
export function prunedBy({ event }: EventRecord): { segments: string[]; head: string }[] {
  if (event.type !== 'log.pruned') return [];
  const segments: unknown = event.segments;
  if (!Array.isArray(segments) || typeof event.head !== 'string') return [];
  return [{ segments: segments.map(String).filter(isSegment), head: event.head }];
}

function hashAt(seq: number, { files, read }: Chain): string | undefined {
  const file = files.find(({ after, head }) => after.seq < seq && seq <= head.seq);
  if (file?.head.seq === seq) return file.head.hash;
  return read.get(file?.segment ?? '')?.records.find((record) => record.seq === seq)?.hash;
}

function lostSince(
  anchor: Link,
  chain: Chain,
  read: readonly SegmentFile[],
): LogCorruptError | undefined {
  const first = chain.files[0];
  if (read.length === 0 || anchor.seq === 0) return undefined;
  if (hashAt(anchor.seq, chain) === anchor.hash) return undefined;
  const pruned = first !== undefined && first.after.seq > 0 && anchor.seq <= first.after.seq;
  const start = read[0]?.records[0]?.event;
  const forked = start?.type === 'chain.started' && start.previous === anchor.hash;
  if (pruned || forked) return undefined;
  const line = chain.tornTail?.line ?? 1;
  const segment = chain.tornTail?.segment ?? chain.files.at(-1)?.segment ?? '?';
  const why =
    anchor.seq > chain.head.seq
      ? `records up to ${anchor.seq} were acknowledged, the log ends with ${chain.head.seq}`
      : `record ${anchor.seq} is not the one that was acknowledged`;
  return damagedLog(segment, { line, why });
}
