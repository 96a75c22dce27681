/**
 * Where events go. Two implementations that pass the same contract tests: `JsonlEventStore` (files on COS_STATE) and
 * `MemoryEventStore` (the specification, and the store of the simulated machine).
 */
import type { EventRecord, LifecycleEvent, SegmentName } from './records.ts';
import type { SegmentRecords } from './segment.ts';

export interface EventStore {
  /** Starts the segment of a new operation; its first record is appended by the caller. Durable. */
  begin(operation: string, id: string): Promise<SegmentName>;
  /** Resolves when the record is on disk. Rejects once, then for ever: a failed sync is never tried again. */
  append(event: LifecycleEvent): Promise<EventRecord>;
  /** All records of a segment, chain verified; damage is a `LogCorruptError` that names the record. */
  read(segment: string): Promise<readonly EventRecord[]>;
  /** Every operation with its records, oldest first. */
  all(): Promise<readonly SegmentRecords[]>;
  /** Oldest first. */
  segments(): Promise<readonly SegmentName[]>;
  /** Opens the last segment for further appends (resume). A torn tail was cut off and recorded when the store was opened. */
  continue(segment: string): Promise<void>;
  /** Hash of the last record, or 64 zeroes. */
  head(): string;
  /** Closes descriptors so that the file system can be made current; the next append opens them again. */
  release(): Promise<void>;
}
