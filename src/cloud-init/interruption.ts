import { EXIT } from '../cli/exit-codes.ts';
import { InterruptedError } from '../errors.ts';

/** Throws when the operation was told to stop. */
export function throwIfInterrupted(signal: AbortSignal): void {
  if (signal.aborted) {
    throw new InterruptedError({
      code: 'interrupted',
      message: 'stopped while hooks were running',
      hint: 'hooks may have done part of their work: run the operation again',
      exit: EXIT.interrupted,
      cause: signal.reason,
    });
  }
}
