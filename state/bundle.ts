/**
 * A history in one file that can be sent away: a heading, the records in the order of the chain, a seal over all of it. A record stands
 * as it does in the log and proves itself by its hash; one of which something was left out says so, and keeps the hash it had, so that
 * the chain through it can still be followed. Pure.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { LogCorruptError, SlotwrightError } from '../src/errors.ts';
import { EXIT } from '../src/exit-codes.ts';
import { noLog } from './no-log.ts';
import { decodeLine, encodeRecord, parseEnvelope } from './record.ts';
import type { EventRecord } from './records.ts';
import { segmentName, type SegmentRecords } from './segment.ts';
import type { SourceLog } from './source-log.ts';

export const BUNDLE_FORMAT = 1;

/** What is left of a record, and what was left out, in words. */
export interface Redacted {
  readonly record: EventRecord;
  readonly parts: readonly string[];
}

export interface BundleHeading {
  readonly tool: string;
  /** Wall clock. */
  readonly madeAt: string;
}

const headingSchema = z.object({
  bundle: z.number(),
  tool: z.string(),
  madeAt: z.string(),
  segments: z.array(z.object({ number: z.number(), operation: z.string(), id: z.string() })),
});

/** The bytes of a bundle. `redact` answers with what may leave the machine. */
export function encodeBundle(
  segments: readonly SegmentRecords[],
  heading: BundleHeading,
  redact: (record: EventRecord) => Redacted,
): string {
  const names = segments.map(({ segment: { number, operation, id } }) => ({
    number,
    operation,
    id,
  }));
  const records = segments
    .flatMap((segment) => segment.records)
    .toSorted((a, b) => a.seq - b.seq)
    .map((record) => lineOf(redact(record)));
  const head = JSON.stringify({ bundle: BUNDLE_FORMAT, ...heading, segments: names });
  const text = [head, ...records].map((line) => `${line}\n`).join('');
  return `${text}${JSON.stringify({ seal: sha256(text) })}\n`;
}

/** `place` is its name, for errors. */
export function decodeBundle(bytes: Buffer, place: string): SourceLog {
  const heading = headingOf(bytes, place);
  const { names, body } = unsealed(bytes, heading, place);
  const found = new Map<string, EventRecord[]>(names.map(({ id }) => [id, []]));
  const gaps: { after: number; before: number }[] = [];
  const redacted: { seq: number; parts: readonly string[] }[] = [];
  let before: EventRecord | undefined;
  for (const [index, line] of body.entries()) {
    const { record, parts } = recordIn(line, index + 2, place);
    if (parts.length > 0) redacted.push({ seq: record.seq, parts });
    const last = before?.seq ?? 0;
    if (record.seq > last + 1) gaps.push({ after: last, before: record.seq });
    else if (record.seq <= last || (before !== undefined && record.prev !== before.hash)) {
      throw damaged(place, index + 2, `record ${record.seq} does not follow record ${last}`);
    }
    const records = found.get(record.op);
    if (records === undefined) {
      throw damaged(place, index + 2, `the heading names no operation ${record.op}`);
    }
    records.push(record);
    before = record;
  }
  const segments = names.map((segment) => ({ segment, records: found.get(segment.id) ?? [] }));
  return { segments: segments.filter(({ records }) => records.length > 0), gaps, redacted };
}

function headingOf(bytes: Buffer, place: string): z.infer<typeof headingSchema> {
  const end = bytes.indexOf(0x0a);
  const first = end === -1 || end > MAX_HEADING ? undefined : json(bytes.subarray(0, end));
  const format = z.object({ bundle: z.number().int().positive() }).safeParse(first);
  if (!format.success) throw noLog(place, 'it does not begin as a bundle does');
  if (format.data.bundle > BUNDLE_FORMAT) {
    throw new SlotwrightError({
      code: 'log-foreign',
      message: `${place} is a bundle of format ${format.data.bundle}`,
      reason: `this version reads format ${BUNDLE_FORMAT}; a newer one made it`,
      hint: 'read it with the version that made it, or with a newer one',
      exit: EXIT.logForeign,
    });
  }
  const heading = headingSchema.safeParse(first);
  if (!heading.success) throw damaged(place, 1, 'the heading is not whole');
  return heading.data;
}

/** The lines between heading and seal, when the seal is theirs. */
function unsealed(
  bytes: Buffer,
  heading: z.infer<typeof headingSchema>,
  place: string,
): { readonly names: readonly SegmentRecords['segment'][]; readonly body: readonly Buffer[] } {
  const lines = linesOf(bytes);
  const last = lines.at(-1);
  const seal = z.object({ seal: z.string() }).safeParse(last === undefined ? last : json(last));
  const body = lines.slice(1, -1);
  if (!seal.success || last === undefined || bytes.at(-1) !== 0x0a) {
    throw damaged(
      place,
      lines.length,
      'it does not end with a seal: a part of the file is missing',
    );
  }
  const names = heading.segments.map(({ number, operation, id }) => {
    try {
      return segmentName(number, operation, id);
    } catch {
      throw damaged(place, 1, `the heading names an operation that cannot be (${operation})`);
    }
  });
  if (sha256(bytes.subarray(0, bytes.length - last.length - 1)) !== seal.data.seal) {
    // The line that changed can mostly be named: its own hash does not fit either.
    for (const [index, line] of body.entries()) recordIn(line, index + 2, place);
    throw damaged(place, 1, 'its seal does not fit: something in it was changed');
  }
  return { names, body };
}

function linesOf(bytes: Buffer): readonly Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline === -1 ? bytes.length : newline;
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return lines;
}

const redactedSchema = z.object({ leftOut: z.array(z.string()).min(1), record: z.unknown() });
const MAX_HEADING = 16 * 2 ** 20;

function lineOf({ record, parts }: Redacted): string {
  if (parts.length > 0) return JSON.stringify({ leftOut: parts, record });
  const { hash, ...body } = record;
  const { line, record: sealed } = encodeRecord(body);
  return sealed.hash === hash ? line : JSON.stringify({ leftOut: ['its own text'], record });
}

function recordIn(line: Buffer, number: number, place: string): Redacted {
  const decoded = decodeLine(line);
  if (decoded.kind === 'record') return { record: decoded.record, parts: [] };
  const kept = redactedSchema.safeParse(json(line));
  const record = kept.success ? parseEnvelope(JSON.stringify(kept.data.record)) : undefined;
  if (record !== undefined && kept.success && /^[0-9a-f]{64}$/.test(record.hash)) {
    return { record, parts: kept.data.leftOut };
  }
  const why = decoded.kind === 'foreign' ? 'it is of a later format' : decoded.why;
  throw damaged(place, number, why);
}

function json(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString('utf8'));
  } catch {
    return undefined;
  }
}

function damaged(place: string, line: number, reason: string): LogCorruptError {
  return new LogCorruptError({
    code: 'log-damaged',
    message: `the bundle is damaged: ${place}, line ${line}`,
    reason,
    hint: 'have it exported and sent once more; nothing in it can be relied on as it is',
    exit: EXIT.logDamaged,
  });
}

function sha256(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex');
}
