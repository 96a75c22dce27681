/**
 * For proofs on real disks: the process stops itself (SIGSTOP) right after the n-th record of this process is on disk, so that a driver outside
 * can kill it or cut the power at exactly that boundary. Nothing stops without the variable.
 */
import type { StateAccess } from '../engine/session.ts';

export function stoppableAt(count: string | undefined, access: StateAccess): StateAccess {
  const at = Number(count);
  if (count === undefined || !Number.isInteger(at) || at < 1) return access;
  let appended = 0;
  return {
    ...access,
    open: async (stateAt, mode, lost) => {
      const opened = await access.open(stateAt, mode, lost);
      const append = opened.store.append.bind(opened.store);
      opened.store.append = async (event) => {
        const record = await append(event);
        appended += 1;
        if (appended === at) process.kill(process.pid, 'SIGSTOP');
        return record;
      };
      return opened;
    },
  };
}
