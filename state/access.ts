/** The state directory of a device, opened as the engine needs it. */
import type { OpenedState, StateAccess } from '../src/engine/session.ts';
import type { Clock } from '../src/system/port.ts';
import { ensureBallast, freeBallast } from './ballast.ts';
import { withMeaning } from './disk-fault.ts';
import { makeDirectoryDurably } from './durable-file.ts';
import { openJsonlStore } from './jsonl-store.ts';
import { acquireLock } from './lock.ts';
import { isMissing } from './log-directory.ts';
import { openRegistry } from './registry.ts';
import { STATE_DIRECTORY } from './state-directory.ts';
import { copyMissingSegments, lastPlaceIn } from './segment-copies.ts';

/** How much history a device keeps beside what is unfinished. */
const BOUNDS = { maxSegments: 400, maxBytes: 8 * 2 ** 20 };

const UNWRITABLE = {
  code: 'state-unwritable',
  message: 'what belongs to the event log could not be written',
  hint: 'see `dmesg` for errors of the disk, then `slotwright resume`',
};

export function createStateAccess(clock: Clock): StateAccess {
  return {
    lock: acquireLock,
    hasLog: async (stateAt) => !(await isMissing(`${stateAt}/${STATE_DIRECTORY}`)),
    lastPlace: (copiesAt) => lastPlaceIn(`${copiesAt}/${STATE_DIRECTORY}`),
    open: (stateAt, access, lost) =>
      openState(`${stateAt}/${STATE_DIRECTORY}`, clock, access, lost),
  };
}

async function openState(
  directory: string,
  clock: Clock,
  access: 'append' | 'read',
  lost: { readonly seq: number; readonly hash: string } | undefined,
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
  const store = await openJsonlStore({
    directory,
    clock,
    access,
    ...(anchor === undefined ? {} : { anchor }),
    onNoSpace: () => freeBallast(directory),
  });
  return {
    store,
    publish: (copyTo) =>
      withMeaning(UNWRITABLE, async () => {
        await registry.save(store);
        await ensureBallast(directory);
        // What is removed cannot be projected again, and the record of it moves the head.
        if ((await store.prune(BOUNDS)).length > 0) await registry.save(store);
        if (copyTo !== undefined) {
          await copyMissingSegments(directory, `${copyTo}/${STATE_DIRECTORY}`);
        }
      }),
  };
}
