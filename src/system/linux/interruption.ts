import { EXIT } from '../../exit-codes.ts';
import { InterruptedError, SlotwrightError } from '../../errors.ts';

/** Throws when one of the signals is aborted: its reason if that is an error of ours, else an `InterruptedError`. */
export function refuseAborted(...signals: readonly AbortSignal[]): void {
  const reason = interruptionBy(signals);
  if (reason !== undefined) throw reason;
}

/** Why we were told to stop, if we were. */
export function interruptionBy(signals: readonly AbortSignal[]): SlotwrightError | undefined {
  const aborted = signals.find((signal) => signal.aborted);
  if (aborted === undefined) return undefined;
  if (aborted.reason instanceof SlotwrightError) return aborted.reason;
  return new InterruptedError({
    code: 'interrupted',
    message: 'stopped on request',
    exit: EXIT.interrupted,
    cause: aborted.reason,
  });
}
