import { CommandError } from './command-error.ts';
import { interruptionBy } from './interruption.ts';
import type { ChildProcess } from 'node:child_process';
import type { SlotwrightError } from '../../errors.ts';
import type { Command } from './exec.ts';

export interface ChildGuard {
  /** Why the children were killed, if they were. */
  readonly reason: (command: Command | undefined) => SlotwrightError | undefined;
  /** Lets go of the signals and of the time. */
  readonly end: () => void;
}

/** Kills the children on abort and timeout; `reason` says which it was. SIGKILL: every effect must survive it anyway. */
export function guardChildren(
  children: readonly ChildProcess[],
  signals: readonly AbortSignal[],
  timeoutMs: number,
): ChildGuard {
  let late = false;
  const kill = () => {
    for (const child of children) child.kill('SIGKILL');
  };
  for (const signal of signals) signal.addEventListener('abort', kill, { once: true });
  const timer = Number.isFinite(timeoutMs)
    ? setTimeout(() => {
        late = true;
        kill();
      }, timeoutMs)
    : undefined;
  return {
    reason: (command: Command | undefined): SlotwrightError | undefined => {
      const interruption = interruptionBy(signals);
      if (interruption !== undefined) return interruption;
      return late && command !== undefined ? CommandError.late(command, timeoutMs) : undefined;
    },
    end: () => {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener('abort', kill);
    },
  };
}
