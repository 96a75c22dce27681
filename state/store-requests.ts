/** Requests that no store can grant. They change nothing, and the store stays usable. */
import { UsageError } from '../src/errors.ts';
import type { SegmentName } from './records.ts';

/** Throws when a new segment may not start now: its operation has one, or the last one is still empty. */
export function checkBegin(
  segments: readonly (SegmentName & { readonly records: number })[],
  id: string,
): void {
  if (segments.some((segment) => segment.id === id)) {
    throw refused('segment-taken', `operation ${id} already has a segment in the event log`);
  }
  const last = segments.at(-1);
  if (last?.records === 0) {
    throw refused('segment-empty', `segment ${last.segment} has no record yet`);
  }
}

/** Append without a segment. */
export function notBegun(): UsageError {
  return refused('log-not-begun', 'no segment of the event log is open for appending');
}

/** A segment that is not in the log. */
export function unknownSegment(segment: string): UsageError {
  return refused('segment-unknown', `the event log has no segment ${segment}`);
}

/** A change of a log that was opened for reading. */
export function readOnly(): UsageError {
  return refused('log-read-only', 'the event log was opened for reading');
}

function refused(code: string, message: string): UsageError {
  return new UsageError({ code, message, hint: '`slotwright history` lists the segments' });
}
