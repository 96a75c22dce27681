/** The state directory of a device, opened as the engine needs it. */
import type { OpenedState, StateAccess } from '../src/engine/session.ts';
import type { Clock } from '../src/system/port.ts';
import { ballastToCome, ensureBallast, freeBallast } from './ballast.ts';
import { withMeaning } from './disk-fault.ts';
import { makeDirectoryDurably } from './durable-file.ts';
import { openJsonlStore } from './jsonl-store.ts';
import { acquireLock, lockHolder } from './lock.ts';
import { isMissing } from './log-directory.ts';
import { RESERVED_BYTES } from './log-writer.ts';
import type { Link } from './record.ts';
import { openRegistry } from './registry.ts';
import { openIndex, saveIndex, type Concluding } from './segment-index.ts';
import { STATE_DIRECTORY } from './state-directory.ts';
import { compareCopies, copyMissingSegments, lastPlaceIn } from './segment-copies.ts';

/** How much history a device keeps beside what is unfinished. */
const BOUNDS = { maxSegments: 400, maxBytes: 8 * 2 ** 20 };

const UNWRITABLE = {
  code: 'state-unwritable',
  message: 'what belongs to the event log could not be written',
  hint: 'see `dmesg` for errors of the disk, then `slotwright resume`',
};

export function createStateAccess(clock: Clock, concluding: Concluding): StateAccess {
  return {
    lock: acquireLock,
    holder: lockHolder,
    hasLog: async (stateAt) => !(await isMissing(`${stateAt}/${STATE_DIRECTORY}`)),
    lastPlace: (copiesAt) => lastPlaceIn(`${copiesAt}/${STATE_DIRECTORY}`),
    compareCopies: (stateAt, copiesAt) =>
      compareCopies(`${stateAt}/${STATE_DIRECTORY}`, `${copiesAt}/${STATE_DIRECTORY}`),
    room: async (stateAt) => ({
      opened: await ballastToCome(`${stateAt}/${STATE_DIRECTORY}`),
      begun: RESERVED_BYTES,
      // They go into what was reserved.
      record: 0,
    }),
    open: (stateAt, access, lost) =>
      openState(`${stateAt}/${STATE_DIRECTORY}`, { clock, concluding, access, lost }),
  };
}

async function openState(
  directory: string,
  {
    clock,
    concluding,
    access,
    lost,
  }: {
    readonly clock: Clock;
    readonly concluding: Concluding;
    readonly access: 'append' | 'read';
    readonly lost: Link | undefined;
  },
): Promise<OpenedState> {
  if (access === 'append') {
    await withMeaning(UNWRITABLE, async () => {
      await makeDirectoryDurably(directory, 0o700);
      // From the first operation on: what fills the disk may be the first thing that happens.
      await ensureBallast(directory);
    });
  }
  const registry = await openRegistry(directory);
  const anchor = registry.anchor ?? lost;
  const index = await openIndex(directory, concluding.by);
  const store = await openJsonlStore({
    directory,
    clock,
    access,
    ...(anchor === undefined ? {} : { anchor }),
    ...(index === undefined ? {} : { index }),
    onNoSpace: () => freeBallast(directory),
  });
  const kept = registry.anchor;
  return {
    store,
    registry: kept === undefined ? 'absent' : kept.hash === store.head() ? 'current' : 'behind',
    publish: (copyTo) =>
      withMeaning(UNWRITABLE, async () => {
        await registry.save(store);
        await ensureBallast(directory);
        // What is removed cannot be projected again, and the record of it moves the head.
        if ((await store.prune(BOUNDS)).length > 0) await registry.save(store);
        await saveIndex(directory, concluding, store);
        if (copyTo !== undefined) {
          await copyMissingSegments(directory, `${copyTo}/${STATE_DIRECTORY}`);
        }
      }),
  };
}
