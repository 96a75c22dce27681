/** What the doctor may do by itself: give back what dead processes left, and make anew what is made from the log. */
import { leftovers, removeAll } from '../../machines/leftovers.ts';
import { IMAGES } from '../../machines/slots.ts';
import { findDevice } from './device.ts';
import type { Machinery } from './machinery.ts';
import { unfinished } from './memory.ts';
import { openForWriting } from './session.ts';

/**
 * Answers with what was done, one sentence each. Takes the lock; opening the device thaws it, and closing it gives back what was left
 * writable. While an operation is owed its files are its own.
 */
export async function treat(machinery: Machinery): Promise<readonly string[]> {
  const { system, state } = machinery;
  const done: string[] = [];
  const session = await openForWriting(system, state, await findDevice(system));
  try {
    const folder = `${session.device.stateAt}/${IMAGES}`;
    if (unfinished(session) === undefined) {
      for (const path of await leftovers({ system, folder, id: '' })) {
        await removeAll(system, path);
        done.push(`removed ${path}`);
      }
      await system.settle.sync([session.device.stateAt]);
    }
    if (session.segments.length > 0) {
      await session.publish();
      done.push('brought registry, reserve and copies of the log up to date');
    }
  } finally {
    await session.close();
  }
  return done;
}
