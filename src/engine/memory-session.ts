/** A session before there is a COS_STATE: the log is in memory, and is handed over when the disk has a place for it. */
import { INSTALL_MEMORY } from '../../machines/install-request.ts';
import { STATE_DIRECTORY } from '../../state/state-directory.ts';
import { findDeviceOn, surroundings } from './device.ts';
import type { Machinery } from './machinery.ts';
import type { Session } from './session.ts';

/** Where the new COS_STATE is mounted while the log is copied to it. */
const HAND_OVER_AT = '/run/cos/state';

/** Begins a log of its own: what an earlier one in memory tells of this disk is nothing to go on with. The caller holds the lock. */
export async function sessionInMemory(
  { system, state }: Machinery,
  disk: string,
): Promise<Session> {
  await forgetMemory({ system });
  const opened = await state.open(INSTALL_MEMORY, 'append');
  const { store } = opened;
  return {
    device: {
      ...surroundings(await system.host.facts()),
      partitions: [],
      stateAt: INSTALL_MEMORY,
    },
    store,
    segments: [],
    stateWas: 'rw',
    registry: opened.registry,
    async publish() {
      const found = await findDeviceOn(system, disk).catch(() => undefined);
      if (found?.state.fs === undefined) return;
      const { device: source } = found.state;
      await system.mounts.mount({ kind: 'device', source, at: HAND_OVER_AT, mode: 'rw' });
      try {
        await opened.publish(HAND_OVER_AT);
      } finally {
        await system.mounts.unmount(HAND_OVER_AT);
      }
    },
    close: () => store.release(),
  };
}

/** Its log is on the disk now, or is of no use any more. */
export async function forgetMemory({ system }: Pick<Machinery, 'system'>): Promise<void> {
  const log = `${INSTALL_MEMORY}/${STATE_DIRECTORY}`;
  if ((await system.files.stat(log)) !== undefined) await system.files.removeTree(log);
}
