/** Copies of finished segments on another partition: the history that is left when COS_STATE is lost. */
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

async function copySegments(from: string, to: string): Promise<readonly string[]> {
  const log = await readSegments(from, await listSegments(from));
  const { files } = verifyChain(log);
  const copied: string[] = [];
  for (const { segment, bytes, id } of files) {
    const source = log.find((read) => read.segment === segment)?.bytes.subarray(0, bytes);
    if (source === undefined || owes(files, id)) continue;
    const present = await readSegment(to, segment).catch(() => undefined);
    if (present?.subarray(0, bytes).equals(source) === true) continue;
    if (copied.length === 0) await makeDirectoryDurably(eventsDirectory(to), 0o700);
    if (copied.length === 0) await removeLeftovers(eventsDirectory(to));
    await writeDurably(segmentPath(to, segment), source, 0o600);
    copied.push(segment);
  }
  return copied;
}
