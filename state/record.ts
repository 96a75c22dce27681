/**
 * One line of the log: JSON with `hash` as its last member, so that verifying is slicing the text and no canonical form
 * of JSON is needed. `hash` is the sha256 of everything before `,"hash":`.
 */
import { createHash } from 'node:crypto';
import { SlotwrightError } from '../src/errors.ts';
import { EXIT } from '../src/exit-codes.ts';
import { RECORD_FORMAT, type EventRecord } from './records.ts';

/** Longest line, without its newline, in bytes. Nothing longer is written; anything longer is damage. */
export const MAX_LINE_BYTES = 1024 * 1024;

/** `prev` of the first record of a chain. */
export const GENESIS = '0'.repeat(64);

/** A place in a chain: what an acknowledged record leaves behind, and what the next one builds on. */
export interface Link {
  readonly seq: number;
  readonly hash: string;
}

/** Where a chain starts: before its first record. */
export const CHAIN_START: Link = { seq: 0, hash: GENESIS };

/** What a line turned out to be. */
export type Decoded =
  | { readonly kind: 'record'; readonly record: EventRecord }
  | { readonly kind: 'broken'; readonly why: string }
  /** Of a later record format: never repaired, never cut, whatever else is wrong with it. */
  | { readonly kind: 'foreign'; readonly format: number };

/**
 * Seals a record: returns its line without the newline, and the record as any reader will see it.
 * Throws a `SlotwrightError` of code `record-too-long` when the line would pass {@link MAX_LINE_BYTES}.
 */
export function encodeRecord(body: Omit<EventRecord, 'hash'>): {
  readonly line: string;
  readonly record: EventRecord;
} {
  const { v, seq, op, at, mono, event, prev } = body;
  const text = JSON.stringify({ v, seq, op, at, mono, event, prev }).slice(0, -1);
  const line = `${text}${HASH_KEY}${sha256(text)}"}`;
  const bytes = Buffer.byteLength(line);
  if (bytes > MAX_LINE_BYTES) {
    throw new SlotwrightError({
      code: 'record-too-long',
      message: `record ${seq} (${event.type}) cannot be written to the event log`,
      reason: `it takes ${bytes} bytes and a line holds at most ${MAX_LINE_BYTES}`,
      hint: 'shorten what the step or hook reports',
    });
  }
  const decoded = decodeLine(Buffer.from(line));
  if (decoded.kind !== 'record') throw new TypeError(`event ${event.type} has no JSON form`);
  return { line, record: decoded.record };
}

/** Verifies and parses one line, given without its newline. Never throws. */
export function decodeLine(read: Uint8Array): Decoded {
  const line = Buffer.from(read.buffer, read.byteOffset, read.length);
  const format = /^\{"v":(\d{1,9}),/.exec(line.toString('latin1', 0, 20))?.[1];
  if (format !== undefined && Number(format) > RECORD_FORMAT) {
    return { kind: 'foreign', format: Number(format) };
  }
  if (line.length > MAX_LINE_BYTES) {
    return { kind: 'broken', why: `it is longer than ${MAX_LINE_BYTES} bytes` };
  }
  const cut = line.length - SEAL_BYTES;
  const seal = /^,"hash":"([0-9a-f]{64})"\}$/.exec(line.toString('latin1', Math.max(cut, 0)))?.[1];
  if (seal === undefined) return { kind: 'broken', why: 'it does not end with a hash' };
  const text = line.subarray(0, cut);
  if (sha256(text) !== seal)
    return { kind: 'broken', why: 'its text does not have the hash it names' };
  const record = parseEnvelope(line.toString('utf8'));
  return record === undefined
    ? { kind: 'broken', why: 'it is not a record' }
    : { kind: 'record', record };
}

/** Error for a log of a later format: this version neither follows nor changes it. */
export function foreignLog(segment: string, line: number, format: number): SlotwrightError {
  return new SlotwrightError({
    code: 'log-foreign',
    message: `segment ${segment}, line ${line} of the event log has record format ${format}`,
    reason: `this version reads formats up to ${RECORD_FORMAT}; a newer one wrote the log`,
    hint: 'boot the image with the newer tool, or use that tool, to go on',
    exit: EXIT.logForeign,
  });
}

const HASH_KEY = ',"hash":"';
const SEAL_BYTES = HASH_KEY.length + 64 + '"}'.length;

function sha256(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The record in a text, whatever its hash; absent when it is none. */
export function parseEnvelope(text: string): EventRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { v, seq, op, at, mono, event, prev } = value as Record<string, unknown>;
  const wellFormed =
    v === RECORD_FORMAT &&
    Number.isSafeInteger(seq) &&
    typeof op === 'string' &&
    typeof at === 'string' &&
    typeof mono === 'number' &&
    typeof event === 'object' &&
    event !== null &&
    'type' in event &&
    typeof event.type === 'string' &&
    typeof prev === 'string' &&
    /^[0-9a-f]{64}$/.test(prev);
  return wellFormed ? (value as EventRecord) : undefined;
}
