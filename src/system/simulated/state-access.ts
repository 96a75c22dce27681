/** What the engine asks of the state directory, on a simulated machine. */
import type { StateAccess } from '../../engine/session.ts';
import { EXIT } from '../../exit-codes.ts';
import { LockedError } from '../../errors.ts';
import { EVENTS, SimulatedEventStore } from './event-store.ts';
import { RECORD_BYTES } from './inode.ts';
import type { SimulatedMachine } from './machine.ts';

/** The log is on the simulated COS_STATE; the lock dies with the process. Nothing is published beside the log. */
export function simulatedState(machine: SimulatedMachine): StateAccess {
  return {
    async lock(stateAt) {
      const { fs } = machine.locate(stateAt);
      if (machine.locks.has(fs)) {
        throw new LockedError({
          code: 'locked',
          message: 'another process is at work on this device',
          hint: 'wait for it, or look at "slotwright status"',
          exit: EXIT.locked,
        });
      }
      machine.locks.add(fs);
      return {
        release: async () => {
          machine.locks.delete(fs);
        },
      };
    },
    async holder(stateAt) {
      return machine.locks.has(machine.locate(stateAt).fs) ? 'another process' : undefined;
    },
    async hasLog(stateAt) {
      const { fs } = machine.locate(stateAt);
      return machine.fileSystem(fs).tree.names.has(EVENTS);
    },
    lastPlace: async () => undefined,
    compareCopies: async () => ({ behind: [], different: [], at: 0 }),
    room: async () => ({ opened: 0, begun: 0, record: RECORD_BYTES }),
    open: async (stateAt, access) => ({
      store: new SimulatedEventStore(machine, stateAt, access),
      registry: 'none is kept',
      publish: async () => undefined,
    }),
  };
}
