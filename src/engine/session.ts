/**
 * Opening the device for one operation, which is not a step: find COS_STATE, take the lock, thaw, make it writable, open the log; and
 * giving all of that back. Readers open without any of it.
 */
import { readOnlyAgain } from '../../machines/read-only-again.ts';
import type { Device } from '../../machines/step.ts';
import type { EventStore } from '../../state/event-store.ts';
import type { EventRecord, SegmentName } from '../../state/records.ts';
import type { SegmentRecords } from '../../state/segment.ts';
import { SET_ASIDE, STATE_DIRECTORY } from '../../state/state-directory.ts';
import { EXIT } from '../exit-codes.ts';
import { LogCorruptError, NonDeterminismError, SystemError } from '../errors.ts';
import type { System } from '../system/port.ts';
import { findDevice, type FoundDevice } from './device.ts';
import { foldOperation, type OperationState } from './fold.ts';

/** What the state directory offers; `state/` implements it on files, the simulated machine in memory. */
export interface StateAccess {
  /** Exclusive for this COS_STATE, gone at once with the process. Taken: `LockedError`. */
  lock(stateAt: string): Promise<{ release(): Promise<void> }>;
  /** Who has that lock, in words, without taking it; a process that this one cannot see is not found. */
  holder(stateAt: string): Promise<string | undefined>;
  /** False on a new device, and where the log was lost. */
  hasLog(stateAt: string): Promise<boolean>;
  /** Where the copies of the log on another partition end. */
  lastPlace(copiesAt: string): Promise<ChainPlace | undefined>;
  /** Reads both whole. */
  compareCopies(stateAt: string, copiesAt: string): Promise<CopiesStanding>;
  /** What working takes of COS_STATE for the log. */
  room(stateAt: string): Promise<LogRoom>;
  /** `lost`: the place that a log which is gone had reached; the new chain names it. */
  open(stateAt: string, access: 'append' | 'read', lost?: ChainPlace): Promise<OpenedState>;
}

/** Bytes that the log takes: when it is opened to be written, for an operation that is not complete, and for each record beyond that. */
export interface LogRoom {
  readonly opened: number;
  readonly begun: number;
  readonly record: number;
}

/** A record of the chain: its number and its hash. */
export interface ChainPlace {
  readonly seq: number;
  readonly hash: string;
}

/** How the copies of the log on another partition stand with it. */
export interface CopiesStanding {
  /** Finished segments that they do not hold, or not to their end. */
  readonly behind: readonly string[];
  /** Segments that they hold otherwise. */
  readonly different: readonly string[];
  /** The last record of the log. */
  readonly at: number;
  /** The last record of the copies, where the log does not reach it. */
  readonly ahead?: number;
}

/** How the projections that are kept beside the log stand with it. */
export type RegistryStanding = 'current' | 'behind' | 'absent' | 'none is kept';

export interface OpenedState {
  readonly store: EventStore;
  readonly registry: RegistryStanding;
  /** Brings registry, ballast, pruning and copies up to date with the log; never needed for correctness. */
  publish(copyTo: string | undefined): Promise<void>;
}

export interface Segment extends SegmentName {
  readonly records: readonly EventRecord[];
  /** Absent for a segment whose operation never began. */
  readonly state: OperationState | undefined;
}

export interface Session {
  readonly device: Device;
  readonly store: EventStore;
  readonly segments: readonly Segment[];
  readonly stateWas: 'ro' | 'rw';
  readonly registry: RegistryStanding;
  /** Registry, ballast, pruning, copies of finished segments on COS_RECOVERY: all of them projections of the log. */
  publish(): Promise<void>;
  close(): Promise<void>;
}

/** Where COS_STATE is mounted when the running system does not show it (spec 1.3). */
const STATE_AT = '/run/cos/state';

export async function openForReading(
  system: System,
  access: StateAccess,
  on?: FoundDevice,
): Promise<Session> {
  const found = on ?? (await findDevice(system));
  const undo: (() => Promise<void>)[] = [];
  try {
    const stateAt = await mountState(system, found.state, undo);
    const opened = await access.open(stateAt, 'read');
    return {
      device: { ...found, stateAt },
      store: opened.store,
      segments: await readLazily(opened.store),
      stateWas: 'ro',
      registry: opened.registry,
      publish: async () => undefined,
      close: () => unwind(undo),
    };
  } catch (error) {
    await unwind(undo);
    throw error;
  }
}

/** The records alone, also of operations that this version cannot follow. */
export async function readRecords(
  system: System,
  access: StateAccess,
): Promise<readonly SegmentRecords[]> {
  const { state } = await findDevice(system);
  const undo: (() => Promise<void>)[] = [];
  try {
    const { store } = await access.open(await mountState(system, state, undo), 'read');
    return await store.all();
  } finally {
    await unwind(undo);
  }
}

/** A log that cannot be read stops everything, but for what is left when nothing else helps. */
export type UnreadableLog = 'stops' | 'is set aside';

export async function openForWriting(
  system: System,
  access: StateAccess,
  found: FoundDevice,
  unreadable: UnreadableLog = 'stops',
): Promise<Session> {
  const undo: (() => Promise<void>)[] = [];
  try {
    const stateAt = await mountState(system, found.state, undo);
    const lock = await access.lock(stateAt);
    undo.push(() => lock.release());
    // A process killed inside a checkpoint leaves the file system frozen, and every later write hanging.
    await system.settle.thaw(stateAt);
    const device = { ...found, stateAt };
    const left = await leftWritable(system, device);
    for (const at of left.filter((place) => place !== stateAt)) {
      undo.push(() => readOnlyAgain(system, device, at));
    }
    const stateWas = await makeWritable(system, device, undo);
    const open = () => openLog(system, access, { found, stateAt });
    const { opened, segments } = await open().catch(async (error: unknown) => {
      if (unreadable === 'stops' || !isUnreadable(error)) throw error;
      await setAside(system, stateAt);
      return open();
    });
    undo.push(() => opened.store.release());
    return {
      device,
      store: opened.store,
      segments,
      stateWas,
      registry: opened.registry,
      publish: async () => {
        await withRecovery(system, device, 'rw', (at) => opened.publish(at));
      },
      close: () => unwind(undo),
    };
  } catch (error) {
    await unwind(undo);
    throw error;
  }
}

interface OpenedLog {
  readonly opened: OpenedState;
  readonly segments: readonly Segment[];
}

async function openLog(
  system: System,
  access: StateAccess,
  { found, stateAt }: { readonly found: FoundDevice; readonly stateAt: string },
): Promise<OpenedLog> {
  const lost = (await access.hasLog(stateAt))
    ? undefined
    : await withRecovery(system, { ...found, stateAt }, 'ro', async (at) =>
        at === undefined ? undefined : access.lastPlace(at),
      );
  const opened = await access.open(stateAt, 'append', lost);
  try {
    return { opened, segments: await readAll(opened.store) };
  } catch (error) {
    await opened.store.release();
    throw error;
  }
}

function isUnreadable(error: unknown): boolean {
  return error instanceof LogCorruptError || error instanceof NonDeterminismError;
}

/** Kept under another name for people; the new log says which place the lost one had reached. */
async function setAside(system: System, stateAt: string): Promise<void> {
  const names = await system.files.list(stateAt);
  const name = (number: number): string => `${SET_ASIDE}${number}`;
  let number = 1;
  while (names.includes(name(number))) number += 1;
  await system.files.rename(`${stateAt}/${STATE_DIRECTORY}`, `${stateAt}/${name(number)}`);
  await system.settle.sync([stateAt]);
}

async function mountState(
  system: System,
  state: { readonly device: string; readonly mountedAt?: string },
  undo: (() => Promise<void>)[],
): Promise<string> {
  if (state.mountedAt !== undefined) return state.mountedAt;
  try {
    await system.mounts.mount({ kind: 'device', source: state.device, at: STATE_AT, mode: 'ro' });
  } catch (cause) {
    throw stateError('cannot mount the state partition', state.device, cause);
  }
  undo.push(() => system.mounts.unmount(STATE_AT));
  return STATE_AT;
}

/** Where a process that was killed in this boot left a file system writable behind a mount that is read-only. */
export async function leftWritable(system: System, device: Device): Promise<readonly string[]> {
  const recoveryAt = device.partitions.find(({ role }) => role === 'recovery')?.mountedAt;
  return (await system.mounts.list())
    .filter(({ at }) => at === device.stateAt || at === recoveryAt)
    .filter(({ mode, fileSystem }) => mode === 'ro' && fileSystem === 'rw')
    .map(({ at }) => at);
}

/**
 * The mode of the mount, not of the file system: a remount in our private namespace changes our mount and the file system, never the
 * mount that the running system sees. So the next process still finds `ro` after a kill, and restores it.
 */
async function makeWritable(
  system: System,
  device: Device,
  undo: (() => Promise<void>)[],
): Promise<'ro' | 'rw'> {
  const { stateAt } = device;
  const mount = (await system.mounts.list()).findLast(({ at }) => at === stateAt);
  if (mount?.mode === 'rw') return 'rw';
  try {
    await system.mounts.remount(stateAt, 'rw');
  } catch (cause) {
    throw stateError('cannot make the state partition writable', stateAt, cause);
  }
  undo.push(() => readOnlyAgain(system, device, stateAt));
  return 'ro';
}

/** COS_RECOVERY for a moment: where it is mounted already, else in this process's namespace. */
export async function withRecovery<T>(
  system: System,
  device: Device,
  mode: 'ro' | 'rw',
  work: (at: string | undefined) => Promise<T>,
): Promise<T> {
  const recovery = device.partitions.find(({ role }) => role === 'recovery');
  if (recovery === undefined) return work(undefined);
  if (recovery.mountedAt === undefined) {
    const at = '/run/cos/recovery';
    await system.mounts.mount({ kind: 'device', source: recovery.device, at, mode });
    try {
      return await work(at);
    } finally {
      await system.mounts.unmount(at);
    }
  }
  const at = recovery.mountedAt;
  const mount = (await system.mounts.list()).findLast((candidate) => candidate.at === at);
  if (mode === 'ro' || mount?.mode === 'rw') return work(at);
  await system.mounts.remount(at, 'rw');
  try {
    return await work(at);
  } finally {
    await readOnlyAgain(system, device, at);
  }
}

/** The same session after an operation of it has ended. */
export async function readAgain(session: Session): Promise<Session> {
  return { ...session, segments: await readAll(session.store) };
}

/** A writer wants to know before it begins that everything can be followed. */
async function readAll(store: EventStore): Promise<readonly Segment[]> {
  return (await store.all()).map(({ segment, records }) => ({
    ...segment,
    records,
    state: foldOperation(records),
  }));
}

/** A reader needs the newest operations, mostly: each is parsed and folded when it is looked at. */
async function readLazily(store: EventStore): Promise<readonly Segment[]> {
  return (await store.all()).map((operation) => {
    let folded: { readonly state: OperationState | undefined } | undefined;
    return {
      ...operation.segment,
      get records() {
        return operation.records;
      },
      get state() {
        return (folded ??= { state: foldOperation(operation.records) }).state;
      },
    };
  });
}

async function unwind(undo: (() => Promise<void>)[]): Promise<void> {
  for (let last = undo.pop(); last !== undefined; last = undo.pop()) await last();
}

function stateError(message: string, device: string, cause: unknown): SystemError {
  return new SystemError({
    code: 'mount-state',
    message: `${message} (${device})`,
    reason: cause instanceof Error ? cause.message : String(cause),
    hint: 'look at "findmnt" and the kernel log; check the file system only while it is mounted nowhere',
    exit: EXIT.mountState,
    cause,
  });
}
