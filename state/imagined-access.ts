/**
 * The log of a device, read and gone on with in memory: what would be recorded is told and kept until the process ends. No lock is taken, so
 * nothing keeps another process from working meanwhile.
 */
import type { LogRoom, OpenedState, StateAccess } from '../src/engine/session.ts';
import type { Clock, FilesPort } from '../src/system/port.ts';
import type { EventStore } from './event-store.ts';
import { MemoryEventStore, type MemoryStoreOptions } from './memory-store.ts';
import type { EventRecord, LifecycleEvent, SegmentName } from './records.ts';
import type { SegmentRecords } from './segment.ts';
import { STATE_DIRECTORY } from './state-directory.ts';

export interface ImaginedLog {
  /** The log in truth. */
  readonly state: StateAccess;
  /** As they would be: a log that was set aside is gone. */
  readonly files: Pick<FilesPort, 'stat'>;
  readonly clock: Clock;
  /** What the log holds in truth, when it is opened. */
  readonly opened: (stateAt: string, segments: readonly SegmentRecords[]) => void;
  /** Each record that would be made. */
  readonly recorded: (record: EventRecord) => Promise<void>;
  readonly published: () => void;
  /** Takes blocks of the file system for the log; gives them back when negative. */
  readonly takes: (stateAt: string, bytes: number) => Promise<void>;
}

export function imaginedState(log: ImaginedLog): StateAccess {
  const { state, files, clock } = log;
  const stores = new Map<string, EventStore>();
  const writable = new Set<string>();
  const hasLog = async (stateAt: string): Promise<boolean> =>
    (await files.stat(`${stateAt}/${STATE_DIRECTORY}`)) !== undefined;

  async function begun(stateAt: string, lost?: { readonly hash: string }): Promise<EventStore> {
    const records = (await hasLog(stateAt)) ? await everything(state, stateAt) : [];
    log.opened(stateAt, records);
    const room = await state.room(stateAt);
    const store = new TellingStore({ clock, records }, { ...log, stateAt, room });
    if (lost !== undefined) store.startFork('log-lost', lost.hash);
    return store;
  }

  return {
    lock: async () => ({ release: async () => undefined }),
    holder: (stateAt) => state.holder(stateAt),
    hasLog,
    lastPlace: (copiesAt) => state.lastPlace(copiesAt),
    compareCopies: (stateAt, copiesAt) => state.compareCopies(stateAt, copiesAt),
    room: (stateAt) => state.room(stateAt),
    async open(stateAt, access, lost): Promise<OpenedState> {
      const store = stores.get(stateAt) ?? (await begun(stateAt, lost));
      stores.set(stateAt, store);
      if (access === 'append' && !writable.has(stateAt)) {
        writable.add(stateAt);
        await log.takes(stateAt, (await state.room(stateAt)).opened);
      }
      return { store, registry: 'none is kept', publish: async () => log.published() };
    },
  };
}

async function everything(state: StateAccess, stateAt: string): Promise<readonly SegmentRecords[]> {
  const { store } = await state.open(stateAt, 'read');
  const all = await store.all();
  await store.release();
  return all;
}

interface Telling extends Pick<ImaginedLog, 'recorded' | 'takes'> {
  readonly stateAt: string;
  readonly room: LogRoom;
}

/** Tells each record, and takes the room that the log in truth would take. */
class TellingStore extends MemoryEventStore {
  readonly #telling: Telling;

  constructor(options: MemoryStoreOptions, telling: Telling) {
    super(options);
    this.#telling = telling;
  }

  override async begin(operation: string, id: string): Promise<SegmentName> {
    const { takes, stateAt, room } = this.#telling;
    const first = (await this.segments()).length === 0;
    const segment = await super.begin(operation, id);
    await takes(stateAt, room.begun + (first ? room.record : 0));
    return segment;
  }

  override async append(event: LifecycleEvent): Promise<EventRecord> {
    const { takes, stateAt, room, recorded } = this.#telling;
    const record = await super.append(event);
    await takes(stateAt, room.record);
    if (event.type === 'operation.completed') await takes(stateAt, -room.begun);
    await recorded(record);
    return record;
  }
}
