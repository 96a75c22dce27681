/** Time spent working on an operation: the monotonic clock within each process; the pauses between them do not count. */
import type { EventRecord } from '../../state/records.ts';

/** Milliseconds at each record, from 0 at the first; never going back. */
export function workingTimes(records: readonly EventRecord[]): readonly number[] {
  let total = 0;
  return records.map((record, index) => {
    const before = records[index - 1];
    // A resumed operation may be in another boot, whose clock starts again.
    if (before !== undefined && record.event.type !== 'operation.resumed') {
      total += Math.max(0, record.mono - before.mono);
    }
    return total;
  });
}
