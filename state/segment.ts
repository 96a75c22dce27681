/** Segments: the files of a log, and what their bytes hold. Pure. */
import { UsageError } from '../src/errors.ts';
import { decodeLine, MAX_LINE_BYTES } from './record.ts';
import type { EventRecord, JsonValue, SegmentName } from './records.ts';

/** All that is known of one operation, as stores dump it and projections fold it. */
export interface SegmentRecords {
  readonly segment: SegmentName;
  /** In the order of the chain. Those of a file that was indexed are parsed when they are asked for. */
  readonly records: readonly EventRecord[];
  /** What this version concluded from exactly these records before. */
  readonly concluded?: JsonValue;
}

/** Why a segment cannot be followed from this line (from 1) on. */
export interface Fault {
  readonly line: number;
  readonly why: string;
  /** Where the line begins in the file, from 0. */
  readonly byte?: number;
}

/** What the bytes of a segment hold. At most one of `foreign`, `damage` and `tail` is set. */
export interface ParsedSegment {
  /** The records before the first fault; linked among themselves. */
  readonly records: readonly EventRecord[];
  /** Bytes that those records take. */
  readonly goodBytes: number;
  /** Only the last line is broken: a torn append, if this is the last segment. */
  readonly tail?: Fault & { readonly bytes: number };
  readonly damage?: Fault;
  readonly foreign?: { readonly line: number; readonly format: number };
}

/** Name of the segment of an operation; throws a `UsageError` on names that cannot be file names. */
export function segmentName(number: number, operation: string, id: string): SegmentName {
  if (!/^[a-z]+(?:-[a-z]+)*$/.test(operation) || !/^[A-Za-z0-9_-]{1,64}$/.test(id)) {
    throw new UsageError({
      code: 'segment-name',
      message: `"${operation}" with id "${id}" cannot name a segment of the event log`,
      hint: 'operations are kebab-case words; ids are up to 64 letters, digits, _ and -',
    });
  }
  const segment = `${String(number).padStart(6, '0')}-${operation}-${id}`;
  return { segment, number, operation, id };
}

/** True for names that {@link segmentName} makes. */
export function isSegment(name: string): boolean {
  return /^\d{6,9}-[a-z][A-Za-z0-9_-]*$/.test(name);
}

/** Number of a segment, which orders segments. */
export function segmentNumber(segment: string): number {
  return Number.parseInt(segment, 10);
}

/** Splits a segment's name, given the id that its records carry; `undefined` when they disagree. */
export function splitSegment(segment: string, id: string): SegmentName | undefined {
  const suffix = `-${id}`;
  const dash = segment.indexOf('-');
  if (!segment.endsWith(suffix) || dash + suffix.length >= segment.length) return undefined;
  const operation = segment.slice(dash + 1, -suffix.length);
  return { segment, number: segmentNumber(segment), operation, id };
}

/** Reads a segment's bytes up to the first fault. Never throws. */
export function parseSegment(read: Uint8Array): ParsedSegment {
  const bytes = Buffer.from(read.buffer, read.byteOffset, read.length);
  const records: EventRecord[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const line = records.length + 1;
    const newline = bytes.indexOf(0x0a, offset);
    const end = newline === -1 ? bytes.length : newline;
    const decoded = decodeLine(bytes.subarray(offset, end));
    if (decoded.kind === 'foreign') {
      return { records, goodBytes: offset, foreign: { line, format: decoded.format } };
    }
    const fault = decoded.kind === 'broken' ? decoded.why : linkFault(records, decoded.record);
    if (fault !== undefined || decoded.kind === 'broken' || newline === -1) {
      const why = fault ?? 'it has no newline';
      const sealed = decoded.kind === 'record' && fault !== undefined;
      const rest = bytes.subarray(offset);
      const torn = !sealed && end >= bytes.length - 1 && isTear(rest);
      const place = { line, byte: offset, why };
      return torn
        ? { records, goodBytes: offset, tail: { ...place, bytes: rest.length } }
        : { records, goodBytes: offset, damage: place };
    }
    records.push(decoded.record);
    offset = newline + 1;
  }
  return { records, goodBytes: offset };
}

/** A whole record that does not follow the one before it was never torn: it is another history. */
function linkFault(records: readonly EventRecord[], record: EventRecord): string | undefined {
  const before = records.at(-1);
  if (before === undefined) return undefined;
  if (record.prev !== before.hash) return 'it does not follow the record before it';
  if (record.seq !== before.seq + 1) return `it has number ${record.seq} after ${before.seq}`;
  if (record.op !== before.op) return 'it belongs to another operation';
  return undefined;
}

/** One interrupted append leaves less than one line; a whole record with more behind it is two lines joined by damage. */
function isTear(rest: Buffer): boolean {
  if (rest.length > MAX_LINE_BYTES + 1) return false;
  for (let at = rest.indexOf(SEAL); at !== -1; at = rest.indexOf(SEAL, at + 1)) {
    const end = at + SEAL.length + 64 + 2;
    if (rest.length > end + 1 && decodeLine(rest.subarray(0, end)).kind === 'record') return false;
  }
  return true;
}

const SEAL = Buffer.from(',"hash":"');
