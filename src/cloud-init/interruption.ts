import { EXIT } from '../exit-codes.ts';
import { InterruptedError, SlotwrightError } from '../errors.ts';

/** Throws when the operation was told to stop: the signal's reason if that is an error of ours. */
export function throwIfInterrupted(signal: AbortSignal): void {
  const reason: unknown = signal.reason;
  if (signal.aborted && reason instanceof SlotwrightError) {
    throw reason;
  }
  if (signal.aborted) {
    throw new InterruptedError({
      code: 'interrupted',
      message: 'stopped while hooks were running',
      hint: 'hooks may have done part of their work: run the operation again',
      exit: EXIT.interrupted,
      cause: reason,
    });
  }
}
