/** A log that lies somewhere else: a copied directory, one segment, a bundle. Read whole, verified as far as it goes, never changed. */
import { constants } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { SystemError } from '../src/errors.ts';
import { EXIT } from '../src/exit-codes.ts';
import { decodeBundle } from './bundle.ts';
import { chainFile, damagedLog } from './chain.ts';
import { listSegments, openRegular, readSegments } from './log-directory.ts';
import { noLog } from './no-log.ts';
import { foreignLog } from './record.ts';
import type { SegmentName } from './records.ts';
import { segmentFile, type SegmentBytes, type SegmentFile } from './segment-file.ts';
import { segmentName, type SegmentRecords } from './segment.ts';
import { STATE_DIRECTORY } from './state-directory.ts';

/** What was found; unlike the log of a device it may lack parts. */
export interface SourceLog {
  /** One for each operation, oldest first. */
  readonly segments: readonly SegmentRecords[];
  /** Records that are not here although later ones are; `after` is 0 where the beginning is missing. */
  readonly gaps: readonly { readonly after: number; readonly before: number }[];
  /** What an interrupted append left at the end. */
  readonly torn?: string;
  /** Records that do not say everything any more, and what was left out. */
  readonly redacted: readonly { readonly seq: number; readonly parts: readonly string[] }[];
}

/** Largest file that is read. */
const MAX_BYTES = 512 * 2 ** 20;

/** Throws `LogCorruptError`, an error of code `log-foreign`, or `no-log` where there is none. */
export async function readLogAt(place: string): Promise<SourceLog> {
  const found = await stat(place).catch((cause: unknown) => {
    throw notReadable(place, cause);
  });
  if (found.isDirectory()) return readDirectory(place);
  const bytes = await readFileAt(place);
  return place.endsWith('.jsonl') ? segmentLog(place, bytes) : decodeBundle(bytes, place);
}

/** One segment by itself: what went before it is not known. */
export function segmentLog(file: string, bytes: Uint8Array): SourceLog {
  return linked([{ segment: path.basename(file, '.jsonl'), bytes }]);
}

/** The segments of one directory. A copy may lack some; what is there must be one history. */
export function linked(log: readonly SegmentBytes[]): SourceLog {
  const parts: Part[] = [];
  const gaps: { after: number; before: number }[] = [];
  let torn: string | undefined;
  let head: { readonly seq: number; readonly hash: string } | undefined;
  for (const [at, bytes] of log.entries()) {
    const read = segmentFile(bytes, undefined);
    const { segment, foreign, damage, tail } = read;
    if (foreign !== undefined) throw foreignLog(segment, foreign.line, foreign.format);
    const isLast = at === log.length - 1;
    const fault = damage ?? (isLast ? undefined : tail);
    if (fault !== undefined) throw damagedLog(segment, fault);
    if (tail !== undefined) torn = `${segment}, line ${tail.line}: ${tail.why}`;
    if (read.goodBytes === 0) continue;
    const name = read.file ?? renamed(at + 1, read.records);
    const file = read.file ?? chainFile(name, read.records, read.goodBytes);
    const before = head?.seq ?? 0;
    const { after } = file;
    if (after.seq > before) gaps.push({ after: before, before: after.seq + 1 });
    else if (after.seq < before || (head !== undefined && after.hash !== head.hash)) {
      const why = `it does not follow record ${before}, the last one before it`;
      throw damagedLog(segment, { line: 1, why });
    }
    head = file.head;
    parts.push({ name, read });
  }
  return {
    segments: joined(parts),
    gaps,
    redacted: [],
    ...(torn === undefined ? {} : { torn }),
  };
}

interface Part {
  readonly name: SegmentName;
  readonly read: SegmentFile;
}

/** A long operation has several files. */
function joined(parts: readonly Part[]): readonly SegmentRecords[] {
  const ids = [...new Set(parts.map(({ name }) => name.id))];
  return ids.map((id) => {
    const own = parts.filter(({ name }) => name.id === id);
    const { segment, number, operation } = own[0]?.name ?? segmentName(1, 'operation', id);
    return {
      segment: { segment, number, operation, id },
      records: own.flatMap(({ read }) => read.records),
    };
  });
}

/** Somebody gave the file another name; its records know what they are. */
function renamed(number: number, records: SegmentRecords['records']): SegmentRecords['segment'] {
  const started = records.find(({ event }) => event.type === 'operation.started')?.event;
  const operation = started?.type === 'operation.started' ? started.operation : 'operation';
  return segmentName(number, operation, records[0]?.op ?? '');
}

async function readDirectory(place: string): Promise<SourceLog> {
  for (const directory of [place, path.join(place, STATE_DIRECTORY), path.dirname(place)]) {
    if (directory === path.dirname(place) && path.basename(place) !== 'events') continue;
    const names = await listSegments(directory);
    if (names.length === 0) continue;
    return linked(await readSegments(directory, names));
  }
  throw noLog(place, 'the directory holds no segment of an event log');
}

async function readFileAt(file: string): Promise<Buffer> {
  const handle = await openRegular(file, constants.O_RDONLY).catch((cause: unknown) => {
    throw notReadable(file, cause);
  });
  try {
    const { size } = await handle.stat();
    if (size > MAX_BYTES) throw noLog(file, `it has ${size} bytes`);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

function notReadable(place: string, cause: unknown): SystemError {
  return new SystemError({
    code: 'log-unreadable',
    message: `cannot read ${place}`,
    reason: cause instanceof Error ? cause.message : String(cause),
    hint: 'check the path; the log of a device needs root',
    exit: EXIT.statFile,
    cause,
  });
}
