/** The event log in memory: the specification of a store, and the log of the simulated machine. */
import type { Clock } from '../src/system/port.ts';
import type { EventStore } from './event-store.ts';
import { CHAIN_START, encodeRecord, type Link } from './record.ts';
import { RECORD_FORMAT } from './records.ts';
import type { EventRecord, LifecycleEvent, LogEvent, SegmentName } from './records.ts';
import { segmentName, type SegmentRecords } from './segment.ts';
import { checkBegin, notBegun, unknownSegment } from './store-requests.ts';

export interface MemoryStoreOptions {
  readonly clock: Clock;
  /** What an earlier store held when the power was cut: its {@link MemoryEventStore.dump}. */
  readonly records?: readonly SegmentRecords[];
  /** Bytes of an append that the cut tore; they are gone, and the next record says so. */
  readonly tornBytes?: number;
}

/** Records are durable as soon as `append` resolves; there is nothing else to lose. */
export class MemoryEventStore implements EventStore {
  readonly #clock: Clock;
  #segments: readonly SegmentRecords[];
  #open: string | undefined;
  #start: LogEvent = { type: 'chain.started', reason: 'first' };
  #unrecorded: LogEvent | undefined;

  constructor({ clock, records = [], tornBytes }: MemoryStoreOptions) {
    this.#clock = clock;
    this.#segments = records.filter((segment) => segment.records.length > 0);
    const torn = records.at(-1)?.segment;
    const empty = records.at(-1)?.records.length === 0;
    if (torn === undefined || (tornBytes === undefined && !empty)) return;
    this.#unrecorded = { type: 'log.repaired', segment: torn.segment, cutBytes: tornBytes ?? 0 };
    if (!empty) this.#recordRepair(torn.id);
  }

  /** What the next new chain says about its origin; without effect while the log has records. */
  startFork(reason: 'log-lost' | 'forked', previous: string): void {
    this.#start = { type: 'chain.started', reason, previous };
  }

  async begin(operation: string, id: string): Promise<SegmentName> {
    checkBegin(
      this.#segments.map(({ segment, records }) => ({ ...segment, records: records.length })),
      id,
    );
    const numbers = this.#segments.map(({ segment }) => segment.number);
    const segment = segmentName(Math.max(0, ...numbers) + 1, operation, id);
    const first = this.#segments.length === 0;
    this.#segments = [...this.#segments, { segment, records: [] }];
    this.#open = id;
    if (first) this.#append(this.#start, id);
    this.#recordRepair(id);
    return segment;
  }

  async append(event: LifecycleEvent): Promise<EventRecord> {
    if (this.#open === undefined) throw notBegun();
    return this.#append(event, this.#open);
  }

  async continue(segment: string): Promise<void> {
    this.#open = this.#find(segment).segment.id;
    this.#recordRepair(this.#open);
  }

  async read(segment: string): Promise<readonly EventRecord[]> {
    return this.#find(segment).records;
  }

  async segments(): Promise<readonly SegmentName[]> {
    return this.#segments.map(({ segment }) => segment);
  }

  async all(): Promise<readonly SegmentRecords[]> {
    return this.#segments;
  }

  head(): string {
    return this.place().hash;
  }

  /** The place of the last record. */
  place(): Link {
    const records = this.#segments.flatMap((segment) => segment.records);
    return records.reduce<Link>(
      (last, { seq, hash }) => (seq > last.seq ? { seq, hash } : last),
      CHAIN_START,
    );
  }

  async release(): Promise<void> {
    // Nothing is held open.
  }

  /** All segments with their records, as plain data: what a power cut at this moment would leave. */
  dump(): readonly SegmentRecords[] {
    return structuredClone(this.#segments);
  }

  #append(event: LifecycleEvent, op: string): EventRecord {
    const { seq, hash: prev } = this.place();
    const envelope = { v: RECORD_FORMAT, seq: seq + 1, op, at: this.#clock.now() };
    const mono = this.#clock.monotonic();
    const { record } = encodeRecord({ ...envelope, mono, event, prev });
    this.#segments = this.#segments.map((held) =>
      held.segment.id === op ? { ...held, records: [...held.records, record] } : held,
    );
    return record;
  }

  #recordRepair(op: string): void {
    const event = this.#unrecorded;
    this.#unrecorded = undefined;
    if (event !== undefined) this.#append(event, op);
  }

  #find(segment: string): SegmentRecords {
    const found = this.#segments.find((candidate) => candidate.segment.segment === segment);
    if (found === undefined) throw unknownSegment(segment);
    return found;
  }
}
