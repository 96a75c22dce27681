/** Copies of finished segments on another partition: the history that is left when COS_STATE is lost. */
import type { CopiesStanding } from '../src/engine/session.ts';
import { verifyChain } from './chain.ts';
import { withMeaning } from './disk-fault.ts';
import { makeDirectoryDurably, removeLeftovers, writeDurably } from './durable-file.ts';
import {
  eventsDirectory,
  isMissing,
  listSegments,
  readSegment,
  readSegments,
  segmentPath,
} from './log-directory.ts';
import { owes } from './prune.ts';
import type { Link } from './record.ts';
import { parseSegment } from './segment.ts';
import type { SegmentBytes } from './segment-file.ts';

/**
 * Copies every finished segment of one state directory that the other lacks or holds differently; returns their names. Durable, each
 * one whole or not at all. Segments that were pruned stay in the copy. Throws `LogCorruptError` when the log itself is damaged, else a
 * `SystemError` of code `log-not-copied`: the log stands, and the next call makes up what is missing.
 */
export async function copyMissingSegments(from: string, to: string): Promise<readonly string[]> {
  return withMeaning(NOT_COPIED, () => copySegments(from, to));
}

/** The last place in the chain that a directory of copies knows: what a log that is gone must have reached. */
export async function lastPlaceIn(directory: string): Promise<Link | undefined> {
  if (await isMissing(directory)) return undefined;
  for (const segment of [...(await listSegments(directory))].reverse()) {
    const last = parseSegment(await readSegment(directory, segment)).records.at(-1);
    if (last !== undefined) return { seq: last.seq, hash: last.hash };
  }
  return undefined;
}

const NOT_COPIED = {
  code: 'log-not-copied',
  message: 'the history could not be copied to the other partition',
  hint: 'nothing is lost: the next operation copies it again',
};

/**
 * How a directory of copies stands with the log, read whole and changed nowhere. Segments that were pruned say nothing, and those of an
 * unfinished operation are not copied yet. Throws `LogCorruptError` when the log itself is damaged.
 */
export async function compareCopies(from: string, to: string): Promise<CopiesStanding> {
  const { head, finished } = await finishedSegments(from);
  const behind: string[] = [];
  const different: string[] = [];
  for (const { segment, bytes } of finished) {
    const copy = await copyOf(to, segment);
    if (isCopy(copy, bytes)) continue;
    const grew = copy === undefined || copy.equals(bytes.subarray(0, copy.length));
    (grew ? behind : different).push(segment);
  }
  const last = await lastPlaceIn(to);
  const ahead = last !== undefined && last.seq > head.seq ? last.seq : undefined;
  return { behind, different, at: head.seq, ...(ahead === undefined ? {} : { ahead }) };
}

async function copySegments(from: string, to: string): Promise<readonly string[]> {
  const copied: string[] = [];
  for (const { segment, bytes } of (await finishedSegments(from)).finished) {
    if (isCopy(await copyOf(to, segment), bytes)) continue;
    if (copied.length === 0) await makeDirectoryDurably(eventsDirectory(to), 0o700);
    if (copied.length === 0) await removeLeftovers(eventsDirectory(to));
    await writeDurably(segmentPath(to, segment), bytes, 0o600);
    copied.push(segment);
  }
  return copied;
}

/** What is to be copied of a log, and where its chain ends. */
async function finishedSegments(
  directory: string,
): Promise<{ readonly head: Link; readonly finished: readonly SegmentBytes[] }> {
  const log = await readSegments(directory, await listSegments(directory));
  const { files, head } = verifyChain(log);
  const finished = files.flatMap(({ segment, bytes, id }) => {
    const source = log.find((read) => read.segment === segment);
    if (source === undefined || owes(files, id)) return [];
    return [{ segment, bytes: source.bytes.subarray(0, bytes) }];
  });
  return { head, finished };
}

/** A copy that cannot be read is as good as none. */
const copyOf = (directory: string, segment: string): Promise<Buffer | undefined> =>
  readSegment(directory, segment).catch(() => undefined);

const isCopy = (copy: Buffer | undefined, bytes: Uint8Array): boolean =>
  copy?.subarray(0, bytes.length).equals(bytes) === true;
