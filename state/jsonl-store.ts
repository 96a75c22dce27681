/** The event log on a disk: one file per operation, one line per record, one `write` and one `fdatasync` per append. */
import type { Clock } from '../src/system/port.ts';
import { chainFile, damagedLog, verifyChain } from './chain.ts';
import type { Chain, ChainFile, TornTail } from './chain.ts';
import { withMeaning } from './disk-fault.ts';
import type { EventStore } from './event-store.ts';
import { fileOps, type FileOps } from './file-ops.ts';
import { hasCode, isMissing, listSegments, readSegment, readSegments } from './log-directory.ts';
import { LogWriter } from './log-writer.ts';
import { prunable, type PruneBounds } from './prune.ts';
import { CHAIN_START, encodeRecord, type Link } from './record.ts';
import { RECORD_FORMAT } from './records.ts';
import type { EventRecord, LifecycleEvent, LogEvent, SegmentName } from './records.ts';
import { recordsOf, segmentFile, type SegmentFile } from './segment-file.ts';
import type { SegmentIndex } from './segment-index.ts';
import { parseSegment, segmentName, type SegmentRecords } from './segment.ts';
import { checkBegin, notBegun, readOnly, unknownSegment } from './store-requests.ts';

export interface JsonlStoreOptions {
  /** State directory; the log is its `events` directory. */
  readonly directory: string;
  readonly clock: Clock;
  /** `read` never changes a byte. `append` needs the lock and a writable file system. */
  readonly access: 'append' | 'read';
  /**
   * Last place in the chain known from elsewhere, see `verifyChain`. Where there is no log at all, the chain that starts
   * names it as lost.
   */
  readonly anchor?: Link;
  /** Called when an append finds no space; true when it freed some. */
  readonly onNoSpace?: () => Promise<boolean>;
  /** Readers take its word for files of its digests; who appends verifies every record. */
  readonly index?: SegmentIndex;
  readonly files?: FileOps;
}

/**
 * Opens and verifies the log. With access `append`, a torn tail is cut off and recorded, and what a crash inside a prune
 * left is removed; in every other case nothing is changed. Throws `LogCorruptError`, or an error of code `log-foreign`.
 */
export async function openJsonlStore(options: JsonlStoreOptions): Promise<JsonlEventStore> {
  const log = await withMeaning(UNREADABLE, () => readLog(options.directory));
  const index = options.access === 'read' ? options.index : undefined;
  const chain = verifyChain(log, options.anchor, index);
  const store = new JsonlEventStore(options, chain);
  if (options.access === 'append') await store.repair(chain);
  return store;
}

/** An operation with the files that it lies in. */
export interface SegmentParts {
  readonly segment: SegmentName;
  readonly parts: readonly SegmentFile[];
}

/** See {@link openJsonlStore}. Appends are carried out one after the other, in the order of the calls. */
export class JsonlEventStore implements EventStore {
  /** What an interrupted append left, found when the log was opened. */
  readonly tornTail: TornTail | undefined;
  readonly #options: JsonlStoreOptions;
  readonly #writer: LogWriter;
  #files: readonly ChainFile[];
  readonly #read: Chain['read'];
  /** True while the last file is open for appends of its operation. */
  #begun = false;
  #start: LogEvent = { type: 'chain.started', reason: 'first' };
  #unrecorded: LogEvent | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: JsonlStoreOptions, chain: Chain) {
    const { directory, files: ops = fileOps, onNoSpace = async () => false, anchor } = options;
    this.#options = options;
    this.#writer = new LogWriter({ directory, ops, onNoSpace });
    this.#files = chain.files;
    this.#read = chain.read;
    this.tornTail = chain.tornTail;
    if (anchor !== undefined && anchor.seq > 0) this.startFork('log-lost', anchor.hash);
  }

  /** What the next new chain says about its origin; without effect while the log has records. */
  startFork(reason: 'log-lost' | 'forked', previous: string): void {
    this.#start = { type: 'chain.started', reason, previous };
  }

  async begin(operation: string, id: string): Promise<SegmentName> {
    return this.#inOrder(async () => {
      checkBegin(this.#files, id);
      return this.#create(operation, id);
    });
  }

  async append(event: LifecycleEvent): Promise<EventRecord> {
    return this.#inOrder(async () => {
      if (!this.#begun) throw notBegun();
      return this.#append(event);
    });
  }

  async continue(segment: string): Promise<void> {
    return this.#inOrder(async () => {
      const file = this.#partsOf(segment).at(-1);
      if (file === undefined) throw unknownSegment(segment);
      // Another operation ran since: this one goes on in a file of its own, so that the chain follows the files.
      if (file !== this.#files.at(-1)) await this.#create(file.operation, file.id);
      this.#begun = true;
      await this.#recordRepair();
    });
  }

  async read(segment: string): Promise<readonly EventRecord[]> {
    const parts = this.#partsOf(segment);
    if (parts.length === 0) throw unknownSegment(segment);
    const records = await Promise.all(parts.map((file) => this.#readPart(file)));
    return records.flat();
  }

  async segments(): Promise<readonly SegmentName[]> {
    const firsts = new Map<string, SegmentName>();
    for (const { segment, number, operation, id } of this.#files) {
      if (!firsts.has(id)) firsts.set(id, { segment, number, operation, id });
    }
    return [...firsts.values()];
  }

  async all(): Promise<readonly SegmentRecords[]> {
    const { index } = this.#options;
    return (await this.files()).map(({ segment, parts }) => recordsOf(segment, parts, index));
  }

  /** The files of each operation, as they are now. */
  async files(): Promise<readonly SegmentParts[]> {
    const names = await this.segments();
    return Promise.all(
      names.map(async (segment) => ({
        segment,
        parts: await Promise.all(this.#partsOf(segment.segment).map((file) => this.#part(file))),
      })),
    );
  }

  head(): string {
    return this.place().hash;
  }

  /** The place of the last record: what the registry keeps and hands back as `anchor`. */
  place(): Link {
    return this.#files.at(-1)?.head ?? CHAIN_START;
  }

  async release(): Promise<void> {
    const closed = this.#queue.then(() => this.#writer.close());
    this.#queue = closed.catch(() => undefined);
    return closed;
  }

  /**
   * Removes the oldest finished segments as far as the bounds ask for, after recording them; returns their names. What
   * only they told is gone from later projections, except where an inventory tells it again.
   */
  async prune(bounds: PruneBounds): Promise<readonly string[]> {
    return this.#inOrder(async () => {
      const doomed = this.#files.slice(0, prunable(this.#files, bounds));
      const last = doomed.at(-1);
      if (last === undefined) return [];
      const segments = doomed.map(({ segment }) => segment);
      await this.#append({ type: 'log.pruned', segments, head: last.head.hash });
      await this.#writer.remove(segments);
      this.#files = this.#files.slice(doomed.length);
      return segments;
    });
  }

  /** The part of opening that changes the disk; the chain was verified before. */
  async repair({ leftovers, tornTail }: Chain): Promise<void> {
    return this.#inOrder(async () => {
      if (await isMissing(this.#options.directory)) return;
      await this.#writer.clean();
      await this.#writer.remove(leftovers);
      // A segment that holds nothing would look like an operation of which nothing is known.
      if (tornTail?.keep === 0) await this.#writer.remove([tornTail.segment]);
      await this.#renewLast();
      if (tornTail === undefined) return;
      const { segment, bytes: cutBytes } = tornTail;
      this.#unrecorded = { type: 'log.repaired', segment, cutBytes };
      if (tornTail.keep > 0) await this.#recordRepair();
    });
  }

  /** The process that wrote the last segment may have seen its sync fail: what was read need not be on the disk. */
  async #renewLast(): Promise<void> {
    const file = this.#files.at(-1);
    if (file === undefined || file.records === 0) return;
    const { directory } = this.#options;
    const bytes = await withMeaning(UNREADABLE, () => readSegment(directory, file.segment));
    await this.#writer.renew(file.segment, bytes.subarray(0, file.bytes));
  }

  async #create(operation: string, id: string): Promise<SegmentName> {
    const name = segmentName((this.#files.at(-1)?.number ?? 0) + 1, operation, id);
    const after = this.place();
    if (after.seq === 0) {
      const { bytes, record } = this.#seal(this.#start, id);
      await this.#writer.createWhole(name.segment, bytes);
      this.#files = [chainFile(name, [record], bytes.length)];
    } else {
      await this.#writer.create(name.segment);
      this.#files = [...this.#files, { ...chainFile(name, [], 0), after, head: after }];
    }
    this.#begun = true;
    await this.#recordRepair();
    return name;
  }

  async #append(event: LifecycleEvent): Promise<EventRecord> {
    const file = this.#files.at(-1);
    if (file === undefined) throw notBegun();
    const { bytes, record } = this.#seal(event, file.id);
    await this.#writer.append(file.segment, file.bytes, bytes);
    const grown: ChainFile = {
      ...file,
      bytes: file.bytes + bytes.length,
      records: file.records + 1,
      head: { seq: record.seq, hash: record.hash },
      starts: file.starts || event.type === 'operation.started',
      completes: file.completes || event.type === 'operation.completed',
    };
    this.#files = [...this.#files.slice(0, -1), grown];
    if (event.type === 'operation.completed') await this.#writer.giveBack(grown.bytes);
    return record;
  }

  async #recordRepair(): Promise<void> {
    const event = this.#unrecorded;
    if (event === undefined) return;
    await this.#append(event);
    this.#unrecorded = undefined;
  }

  #seal(event: LifecycleEvent, op: string) {
    const { clock } = this.#options;
    const { seq, hash: prev } = this.place();
    const envelope = { v: RECORD_FORMAT, seq: seq + 1, op, at: clock.now() };
    const { line, record } = encodeRecord({ ...envelope, mono: clock.monotonic(), event, prev });
    return { bytes: Buffer.from(`${line}\n`), record };
  }

  async #readPart(file: ChainFile): Promise<readonly EventRecord[]> {
    const { directory } = this.#options;
    const bytes = await withMeaning(UNREADABLE, () => readSegment(directory, file.segment));
    const { records, goodBytes, ...faults } = parseSegment(bytes.subarray(0, file.bytes));
    const fault = faults.damage ?? faults.tail;
    if (fault !== undefined) throw damagedLog(file.segment, fault);
    const found = chainFile(file, records, goodBytes);
    const same = found.head.hash === file.head.hash && goodBytes === file.bytes;
    if (same || file.records === 0) return records;
    throw damagedLog(file.segment, { line: 1, why: 'it changed since the log was opened' });
  }

  /** As it was read when the log was opened, unless it has grown since. */
  async #part(file: ChainFile): Promise<SegmentFile> {
    const held = this.#read.get(file.segment);
    if (held?.goodBytes === file.bytes && held.bytes.length === file.bytes) return held;
    await this.#readPart(file);
    const { directory } = this.#options;
    const bytes = await withMeaning(UNREADABLE, () => readSegment(directory, file.segment));
    return segmentFile({ segment: file.segment, bytes: bytes.subarray(0, file.bytes) }, undefined);
  }

  async #inOrder<T>(change: () => Promise<T>): Promise<T> {
    if (this.#options.access === 'read') throw readOnly();
    const result = this.#queue.then(change);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  #partsOf(segment: string): readonly ChainFile[] {
    const id = this.#files.find((file) => file.segment === segment)?.id;
    return this.#files.filter((file) => file.id === id);
  }
}

const UNREADABLE = {
  code: 'log-unreadable',
  message: 'the event log cannot be read',
  hint: 'run as root; see `dmesg` for errors of the disk',
};

/** Reads all segments; starts again when one was pruned meanwhile by the process that holds the lock. */
async function readLog(directory: string) {
  for (let attempt = 1; ; attempt += 1) {
    const segments = await listSegments(directory);
    try {
      return await readSegments(directory, segments);
    } catch (error) {
      if (!hasCode(error, 'ENOENT') || attempt === 3) throw error;
    }
  }
}
