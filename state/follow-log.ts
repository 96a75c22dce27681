/** Records as they come, read beside the process that writes them: no lock, nothing repaired, half a line waited for. */
import { listSegments, readSegment } from './log-directory.ts';
import { parseSegment } from './segment.ts';
import type { EventRecord } from './records.ts';

/**
 * Every record after `seq` of the log in this state directory, until `wait` says that it is enough. `wait` resolves when it is time to look
 * again; false ends it.
 */
export async function* followLog(
  directory: string,
  seq: number,
  wait: () => Promise<boolean>,
): AsyncGenerator<EventRecord> {
  let last = seq;
  do {
    for (const record of await newerThan(directory, last)) {
      last = record.seq;
      yield record;
    }
  } while (await wait());
}

/** From the newest segment back, until one has nothing new. */
async function newerThan(directory: string, seq: number): Promise<readonly EventRecord[]> {
  const found: EventRecord[] = [];
  for (const segment of [...(await listSegments(directory))].reverse()) {
    const { records } = parseSegment(await readSegment(directory, segment));
    found.unshift(...records.filter((record) => record.seq > seq));
    if ((records[0]?.seq ?? Infinity) <= seq + 1) break;
  }
  return found;
}
