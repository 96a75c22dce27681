import { EXIT } from '../../exit-codes.ts';
import { SlotwrightError, SystemError } from '../../errors.ts';

/** The errno name of a failed file operation. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}

/** Runs a file operation; its failure becomes a `SystemError` that says what could not be done. */
export async function doing<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof SlotwrightError) throw error;
    const known = KNOWN[errnoOf(error) ?? ''];
    throw new SystemError({
      code: known?.code ?? 'file-failed',
      message: `cannot ${what}`,
      reason: error instanceof Error ? error.message : String(error),
      ...(known?.hint === undefined ? {} : { hint: known.hint }),
      ...(known?.exit === undefined ? {} : { exit: known.exit }),
      cause: error,
    });
  }
}

/** As {@link doing}, and a name that is not there is `undefined`. */
export async function ifThere<T>(what: string, act: () => Promise<T>): Promise<T | undefined> {
  return doing(what, async () => {
    try {
      return await act();
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === 'ENOENT' || errno === 'ENOTDIR') return undefined;
      throw error;
    }
  });
}

interface Known {
  readonly code: string;
  readonly hint?: string;
  readonly exit?: number;
}

const KNOWN: Readonly<Record<string, Known | undefined>> = {
  ENOSPC: { code: 'no-space', hint: 'free some space on this file system', exit: EXIT.noSpace },
  EDQUOT: { code: 'no-space', hint: 'free some space on this file system', exit: EXIT.noSpace },
  EROFS: { code: 'read-only', hint: 'the file system is mounted read-only' },
  EEXIST: { code: 'exists' },
  ENOENT: { code: 'not-found' },
  ENOTDIR: { code: 'not-found' },
  EISDIR: { code: 'not-a-file' },
  ENOTEMPTY: { code: 'not-empty' },
  EXDEV: { code: 'cross-device' },
  EACCES: { code: 'not-allowed', hint: 'run as root', exit: EXIT.notRoot },
  EPERM: { code: 'not-allowed' },
  EIO: { code: 'disk-failed', hint: 'the disk reports errors: dmesg' },
};
