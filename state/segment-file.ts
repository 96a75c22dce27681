/** A file of the log as it was read: what it comes to at once, from the index or from its records. Pure. */
import { damagedLog, chainFile, prunedBy, type ChainFile } from './chain.ts';
import type { EventRecord, SegmentName } from './records.ts';
import { parseSegment, splitSegment, type ParsedSegment, type SegmentRecords } from './segment.ts';
import type { IndexedFile, SegmentIndex } from './segment-index.ts';

/** Bytes of a file of the log under the name of its segment. */
export interface SegmentBytes {
  readonly segment: string;
  readonly bytes: Uint8Array;
}

export interface SegmentFile extends SegmentBytes, Omit<ParsedSegment, 'records'> {
  /** Parsed and verified when they are asked for, where the index knew the file. */
  readonly records: readonly EventRecord[];
  /** Absent where there is no record, and where its name is not that of its records. */
  readonly file: ChainFile | undefined;
  readonly pruned: IndexedFile['pruned'];
  readonly indexed: 'yes' | 'no';
}

export function segmentFile(
  { segment, bytes }: SegmentBytes,
  index: SegmentIndex | undefined,
): SegmentFile {
  const entry = index?.find(segment, bytes);
  const name = entry === undefined ? undefined : splitSegment(segment, entry.id);
  if (entry !== undefined && name !== undefined) {
    const { pruned, bytes: length, records: count, after, head, starts, completes } = entry;
    const file = { ...name, bytes: length, records: count, after, head, starts, completes };
    let records: readonly EventRecord[] | undefined;
    return {
      ...{ segment, bytes, file, pruned, indexed: 'yes', goodBytes: length },
      get records() {
        return (records ??= asIndexed(file, bytes));
      },
    };
  }
  const parsed = parseSegment(bytes);
  const { records, goodBytes } = parsed;
  const [first] = records;
  const known = first === undefined ? undefined : splitSegment(segment, first.op);
  const file = known === undefined ? undefined : chainFile(known, records, goodBytes);
  return { segment, bytes, ...parsed, file, pruned: records.flatMap(prunedBy), indexed: 'no' };
}

function asIndexed(file: ChainFile, bytes: Uint8Array): readonly EventRecord[] {
  const { records, goodBytes, ...faults } = parseSegment(bytes);
  const fault = faults.damage ?? faults.tail;
  if (fault !== undefined) throw damagedLog(file.segment, fault);
  if (chainFile(file, records, goodBytes).head.hash === file.head.hash) return records;
  throw damagedLog(file.segment, { line: 1, why: 'it is not what its index says' });
}

/** An operation that lies in these files. */
export function recordsOf(
  segment: SegmentName,
  parts: readonly SegmentFile[],
  index: SegmentIndex | undefined,
): SegmentRecords {
  const known = ({ indexed, segment: name, bytes }: SegmentFile): boolean =>
    indexed === 'yes' || index?.find(name, bytes) !== undefined;
  const concluded = parts.every(known)
    ? index?.concluded(parts.map((part) => part.segment))
    : undefined;
  let records: readonly EventRecord[] | undefined;
  return {
    segment,
    get records() {
      return (records ??= parts.flatMap((part) => part.records));
    },
    ...(concluded === undefined ? {} : { concluded }),
  };
}
