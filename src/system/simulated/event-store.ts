/**
 * The event log of a simulated machine, on its COS_STATE: a resolved append survives every cut, a cut inside an append leaves
 * nothing or half a record. It has no memory of its own, so what it says is what the disk holds.
 */
import type { EventStore } from '../../../state/event-store.ts';
import { STATE_DIRECTORY } from '../../../state/state-directory.ts';
import { CHAIN_START, encodeRecord } from '../../../state/record.ts';
import type { Link } from '../../../state/record.ts';
import { RECORD_FORMAT } from '../../../state/records.ts';
import type { EventRecord, LifecycleEvent, LogEvent, SegmentName } from '../../../state/records.ts';
import {
  isSegment,
  segmentName,
  splitSegment,
  type SegmentRecords,
} from '../../../state/segment.ts';
import { checkBegin, notBegun, unknownSegment } from '../../../state/store-requests.ts';
import { LogCorruptError } from '../../errors.ts';
import { EXIT } from '../../exit-codes.ts';
import { simulatedClock } from './clock.ts';
import type { SimulatedFileSystem } from './file-system.ts';
import { makeDirectories } from './files.ts';
import type { LogInode } from './inode.ts';
import type { SimulatedMachine } from './machine.ts';
import { childrenOf, inodeAt, withInode, withNew, withoutName } from './tree.ts';
import type { Tree } from './tree.ts';

/** Where segments are on COS_STATE. */
export const EVENTS = `/${STATE_DIRECTORY}/events`;

/** A segment as it lies on a disk. */
interface Lying extends LogInode {
  readonly segment: string;
}

export class SimulatedEventStore implements EventStore {
  readonly #machine: SimulatedMachine;
  readonly #fs: SimulatedFileSystem;
  readonly #name: string;
  #open: SegmentName | undefined;
  #unrecorded: LogEvent | undefined;
  #holds: 'nothing' | 'descriptor' = 'nothing';
  #poison: { readonly error: unknown } | undefined;

  /** With access `append`, a torn tail is cut off; the next record says so. */
  constructor(machine: SimulatedMachine, stateAt: string, access: 'append' | 'read') {
    this.#machine = machine;
    this.#name = machine.locate(stateAt).fs;
    this.#fs = machine.fileSystem(this.#name);
    const segments = segmentsIn(this.#fs.tree);
    mustBeChained(segments);
    if (access === 'append') this.#repair(segments.at(-1));
  }

  async begin(operation: string, id: string): Promise<SegmentName> {
    const segments = segmentsIn(this.#fs.tree);
    const named = segments.map(({ segment, records }) => ({
      ...nameOf(segment, records),
      records: records.length,
    }));
    checkBegin(named, id);
    this.#open = this.#create(operation, id);
    if (segments.length === 0) await this.append({ type: 'chain.started', reason: 'first' });
    await this.#recordRepair();
    return this.#open;
  }

  async append(event: LifecycleEvent): Promise<EventRecord> {
    const name = this.#open;
    if (name === undefined) throw notBegun();
    const { seq, hash: prev } = this.#place();
    const clock = simulatedClock(this.#machine);
    const at = clock.now();
    const mono = clock.monotonic();
    const { record } = encodeRecord({
      v: RECORD_FORMAT,
      seq: seq + 1,
      op: name.id,
      at,
      mono,
      event,
      prev,
    });
    this.#change(`append ${told(event)}`, () => {
      const { tree } = this.#fs;
      const ino = tree.names.get(pathOf(name.segment));
      const log = ino === undefined ? undefined : tree.inodes.get(ino);
      if (ino === undefined || log?.kind !== 'log') throw unknownSegment(name.segment);
      this.#fs.change(withInode(tree, ino, { ...log, records: [...log.records, record] }));
    });
    return record;
  }

  async read(segment: string): Promise<readonly EventRecord[]> {
    const parts = this.#partsOf(segment);
    if (parts.length === 0) throw unknownSegment(segment);
    return parts.flatMap(({ records }) => records);
  }

  async all(): Promise<readonly SegmentRecords[]> {
    return Promise.all(
      (await this.segments()).map(async (segment) => ({
        segment,
        records: await this.read(segment.segment),
      })),
    );
  }

  async segments(): Promise<readonly SegmentName[]> {
    const names = this.#names();
    return names.filter(({ id }, index) => names.findIndex((name) => name.id === id) === index);
  }

  /** Another operation ran since: this one goes on in a file of its own, so that the chain follows the files. */
  async continue(segment: string): Promise<void> {
    const { operation, id } = nameOf(segment, await this.read(segment));
    const last = this.#names().at(-1);
    this.#open = last?.id === id ? last : this.#create(operation, id);
    await this.#recordRepair();
  }

  head(): string {
    return this.#place().hash;
  }

  async release(): Promise<void> {
    if (this.#holds === 'nothing') return;
    this.#holds = 'nothing';
    const open = this.#machine.descriptors.get(this.#name) ?? 0;
    this.#machine.descriptors.set(this.#name, open - 1);
  }

  #names(): readonly SegmentName[] {
    return segmentsIn(this.#fs.tree).map(({ segment, records }) => nameOf(segment, records));
  }

  #partsOf(segment: string): readonly Lying[] {
    const all = segmentsIn(this.#fs.tree);
    const first = all.find((candidate) => candidate.segment === segment);
    if (first === undefined) return [];
    const { id } = nameOf(segment, first.records);
    return all.filter((candidate) => nameOf(candidate.segment, candidate.records).id === id);
  }

  #create(operation: string, id: string): SegmentName {
    const number = Math.max(0, ...this.#names().map((name) => name.number)) + 1;
    const name = segmentName(number, operation, id);
    this.#change(`begin ${name.segment}`, () => {
      makeDirectories(this.#fs, EVENTS);
      const empty: LogInode = { kind: 'log', records: [], tornBytes: 0 };
      this.#fs.change(withNew(this.#fs.tree, pathOf(name.segment), empty));
    });
    return name;
  }

  /** One write and one sync; after a failure this store writes no more. */
  #change(what: string, write: () => void): void {
    if (this.#poison !== undefined) throw this.#poison.error;
    try {
      this.#machine.moment(what);
      write();
      if (this.#holds === 'nothing') {
        const open = this.#machine.descriptors.get(this.#name) ?? 0;
        this.#machine.descriptors.set(this.#name, open + 1);
        this.#holds = 'descriptor';
      }
      this.#machine.moment(`${what}: not yet durable`);
      this.#fs.commit();
      this.#machine.moment(`${what}: durable`);
    } catch (error) {
      this.#poison = { error };
      throw error;
    }
  }

  #repair(last: Lying | undefined): void {
    if (last === undefined) return;
    const { segment, records, tornBytes } = last;
    if (records.length > 0 && tornBytes === 0) return;
    this.#unrecorded = { type: 'log.repaired', segment, cutBytes: tornBytes };
    this.#change(`repair ${segment}`, () => {
      const { tree, held } = this.#fs;
      const path = pathOf(segment);
      const ino = tree.names.get(path);
      if (records.length === 0 || ino === undefined) {
        this.#fs.change(withoutName(tree, path, held));
      } else {
        this.#fs.change(withInode(tree, ino, { kind: 'log', records, tornBytes: 0 }));
      }
    });
  }

  async #recordRepair(): Promise<void> {
    const event = this.#unrecorded;
    this.#unrecorded = undefined;
    if (event !== undefined) await this.append(event);
  }

  #place(): Link {
    const record = segmentsIn(this.#fs.tree).findLast(({ records }) => records.length > 0);
    const last = record?.records.at(-1);
    return last === undefined ? CHAIN_START : { seq: last.seq, hash: last.hash };
  }
}

/** An event by its type and what it is about. */
function told(event: LifecycleEvent): string {
  if ('step' in event) return `${event.type} ${event.step ?? ''}`;
  return 'resource' in event ? `${event.type} ${event.resource}` : event.type;
}

/** The segments of a file system, oldest first. */
export function segmentsIn(tree: Tree): readonly Lying[] {
  return childrenOf(tree, EVENTS).flatMap((file) => {
    const segment = file.replace(/\.jsonl$/, '');
    const inode = inodeAt(tree, `${EVENTS}/${file}`);
    return inode?.kind === 'log' && isSegment(segment) ? [{ ...inode, segment }] : [];
  });
}

/** Throws a `LogCorruptError` when a record does not follow the one before it, or a tear is not at the end. */
export function mustBeChained(segments: readonly Lying[]): void {
  let before: EventRecord | undefined;
  for (const [index, { segment, records, tornBytes }] of segments.entries()) {
    if (tornBytes > 0 && index < segments.length - 1) throw damaged(segment);
    for (const record of records) {
      if (before !== undefined && record.prev !== before.hash) throw damaged(segment);
      before = record;
    }
  }
}

function damaged(segment: string): LogCorruptError {
  return new LogCorruptError({
    code: 'log-damaged',
    message: `the event log is damaged: segment ${segment}`,
    exit: EXIT.logDamaged,
  });
}

function nameOf(segment: string, records: readonly EventRecord[]): SegmentName {
  const id = records[0]?.op ?? segment.slice(segment.lastIndexOf('-') + 1);
  const name = splitSegment(segment, id);
  if (name === undefined) throw damaged(segment);
  return name;
}

function pathOf(segment: string): string {
  return `${EVENTS}/${segment}.jsonl`;
}
