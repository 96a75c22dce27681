/** The files of a log on a disk: listed, read whole, never followed through a link. */
import { constants } from 'node:fs';
import { lstat, open, readdir, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { damagedLog } from './chain.ts';
import { isSegment, segmentNumber } from './segment.ts';
import type { SegmentBytes } from './segment-file.ts';

/** Largest segment that is read; far above what pruning lets grow. */
const MAX_SEGMENT_BYTES = 512 * 1024 * 1024;
const SUFFIX = '.jsonl';

/** Directory of the segments below a state directory. */
export function eventsDirectory(directory: string): string {
  return path.join(directory, 'events');
}

/** Path of a segment. */
export function segmentPath(directory: string, segment: string): string {
  return path.join(eventsDirectory(directory), `${segment}${SUFFIX}`);
}

/** Names of the segments, oldest first; none when there is no log. Foreign files are left alone. */
export async function listSegments(directory: string): Promise<readonly string[]> {
  let names: readonly string[];
  try {
    names = await readdir(eventsDirectory(directory));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
  return names
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => name.slice(0, -SUFFIX.length))
    .filter(isSegment)
    .sort((a, b) => segmentNumber(a) - segmentNumber(b) || (a < b ? -1 : 1));
}

/** All bytes of a segment. */
export async function readSegment(directory: string, segment: string): Promise<Buffer> {
  const handle = await openRegular(segmentPath(directory, segment), constants.O_RDONLY);
  try {
    const { size } = await handle.stat();
    if (size > MAX_SEGMENT_BYTES) {
      throw damagedLog(segment, { line: 1, why: `the file has ${size} bytes` });
    }
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** All bytes of these segments, in their order. */
export async function readSegments(
  directory: string,
  segments: readonly string[],
): Promise<readonly SegmentBytes[]> {
  const log: SegmentBytes[] = [];
  for (let at = 0; at < segments.length; at += OPEN_AT_ONCE) {
    const some = segments.slice(at, at + OPEN_AT_ONCE).map(async (segment) => ({
      segment,
      bytes: await readSegment(directory, segment),
    }));
    log.push(...(await Promise.all(some)));
  }
  return log;
}

const OPEN_AT_ONCE = 32;

/** Opens a file that must be a regular file under its own name. */
export async function openRegular(file: string, flags: number): Promise<FileHandle> {
  const handle = await open(file, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw new Error(`${file} is not a regular file`);
}

/** True for a system error with one of these codes. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

/** True when there is no directory for segments. */
export async function isMissing(directory: string): Promise<boolean> {
  try {
    return !(await lstat(eventsDirectory(directory))).isDirectory();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return true;
    throw error;
  }
}
