/** The errors a kernel gives, as the ports of the simulated machine throw them. */
import { InterruptedError, SlotwrightError, SystemError } from '../../errors.ts';
import { EXIT } from '../../exit-codes.ts';

const REASONS = {
  'not-found': 'no such file or directory',
  exists: 'file exists',
  'not-a-file': 'is a directory',
  'not-empty': 'directory not empty',
  'cross-device': 'invalid cross-device link',
  'read-only': 'read-only file system',
  'no-space': 'no space left on device',
  'mount-busy': 'target is busy',
  'not-mounted': 'not mounted',
  'image-damaged': 'the file system inside needs repair',
} as const;

/** A `SystemError` as the kernel would cause it. `detail` names what is in the way. */
export function refusal(code: keyof typeof REASONS, message: string, detail?: string): SystemError {
  const reason = REASONS[code];
  return new SystemError({
    code,
    message,
    reason: detail === undefined ? reason : `${reason}: ${detail}`,
  });
}

/** Throws when a long effect was asked to stop. */
export function stopWhenAborted(signal: AbortSignal): void {
  if (!signal.aborted) return;
  if (signal.reason instanceof SlotwrightError) throw signal.reason;
  throw new InterruptedError({
    code: 'interrupted',
    message: 'stopped on request',
    exit: EXIT.terminated,
  });
}
