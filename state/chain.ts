/** The chain over all segments of a device, verified as a whole. Pure: bytes in, verdict out. */
import { LogCorruptError } from '../src/errors.ts';
import { EXIT } from '../src/exit-codes.ts';
import { CHAIN_START, foreignLog, GENESIS, type Link } from './record.ts';
import type { EventRecord, SegmentName } from './records.ts';
import { isSegment, parseSegment, splitSegment, type Fault } from './segment.ts';

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
  log: readonly { readonly segment: string; readonly bytes: Buffer }[],
  anchor?: Link,
): Chain {
  const parsed = log.map(({ segment, bytes }) => ({ segment, ...parseSegment(bytes) }));
  const pruned = parsed.flatMap(({ records }) => records.flatMap(prunedBy));
  const names = new Set(pruned.flatMap(({ segments }) => segments));
  const kept = parsed.filter(({ segment }) => !names.has(segment));
  const starts = new Set([GENESIS, ...pruned.map(({ head }) => head)]);

  const files: ChainFile[] = [];
  const places = new Map<number, string>();
  let tornTail: TornTail | undefined;
  let head: Link | undefined;
  for (const [index, { segment, records, goodBytes, ...faults }] of kept.entries()) {
    const last = index === kept.length - 1;
    if (faults.foreign !== undefined) {
      throw foreignLog(segment, faults.foreign.line, faults.foreign.format);
    }
    const damage = faults.damage ?? (last ? undefined : faults.tail);
    if (damage !== undefined) throw damagedLog(segment, damage);
    const first = records[0];
    if (last && (faults.tail !== undefined || first === undefined)) {
      const fault = faults.tail ?? { line: 1, why: 'it is empty', bytes: 0 };
      tornTail = { segment, ...fault, keep: goodBytes };
    }
    if (first === undefined) {
      if (last) continue;
      throw damagedLog(segment, { line: 1, why: 'it is empty' });
    }
    const follows =
      head === undefined
        ? starts.has(first.prev) && (first.prev === GENESIS) === (first.seq === 1)
        : first.prev === head.hash && first.seq === head.seq + 1;
    if (!follows) throw damagedLog(segment, { line: 1, why: brokenLink(head) });
    const name = splitSegment(segment, first.op);
    if (name === undefined) {
      throw damagedLog(segment, { line: 1, why: `it belongs to operation ${first.op}` });
    }
    for (const { seq, hash } of records) places.set(seq, hash);
    const file = chainFile(name, records, goodBytes);
    files.push(file);
    head = file.head;
  }
  const chain: Chain = {
    files,
    head: head ?? CHAIN_START,
    leftovers: parsed.map(({ segment }) => segment).filter((segment) => names.has(segment)),
    ...(tornTail === undefined ? {} : { tornTail }),
  };
  const lost = anchor === undefined ? undefined : lostSince(anchor, places, chain, parsed);
  if (lost !== undefined) throw lost;
  return chain;
}

/** Error for a log that is broken where it may not be. */
export function damagedLog(segment: string, fault: Fault): LogCorruptError {
  return new LogCorruptError({
    code: 'log-damaged',
    message: `the event log is damaged: segment ${segment}, line ${fault.line}`,
    reason: fault.why,
    hint: 'nothing was changed. Keep a copy of the events directory; compare it with the copies on COS_RECOVERY; "slotwright reset --force", run in recovery, goes on without it',
    exit: EXIT.logDamaged,
  });
}

/** Describes the file that these records make. */
export function chainFile(
  name: SegmentName,
  records: readonly EventRecord[],
  bytes: number,
): ChainFile {
  const first = records[0];
  const last = records.at(-1);
  const after = first === undefined ? CHAIN_START : { seq: first.seq - 1, hash: first.prev };
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

function brokenLink(head: Link | undefined): string {
  return head === undefined
    ? 'the segments before it are missing, and no record says that they were pruned'
    : `it does not follow record ${head.seq}, the last one of the segment before it`;
}

/** A `log.pruned` record of any version that has the two fields we know. */
function prunedBy({ event }: EventRecord): { segments: readonly string[]; head: string }[] {
  if (event.type !== 'log.pruned') return [];
  const segments: unknown = event.segments;
  if (!Array.isArray(segments) || typeof event.head !== 'string') return [];
  return [{ segments: segments.filter((name) => isSegment(String(name))), head: event.head }];
}

function lostSince(
  anchor: Link,
  places: ReadonlyMap<number, string>,
  chain: Chain,
  parsed: readonly { readonly segment: string; readonly records: readonly EventRecord[] }[],
): LogCorruptError | undefined {
  const first = chain.files[0];
  if (parsed.length === 0 || anchor.seq === 0) return undefined;
  if (places.get(anchor.seq) === anchor.hash) return undefined;
  const pruned = first !== undefined && first.after.seq > 0 && anchor.seq <= first.after.seq;
  const start = parsed[0]?.records[0]?.event;
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
