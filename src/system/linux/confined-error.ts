import { getSystemErrorMap } from 'node:util';
import { SystemError } from '../../errors.ts';

/** What went wrong with a path of the target; the descriptor's path that the system saw is of no use to people. */
export function fileError(doing: string, path: string, error: unknown): SystemError {
  if (error instanceof SystemError) {
    return error;
  }
  return new SystemError({
    code: 'hook-file-failed',
    message: `cannot ${doing} ${path}`,
    reason: reasonOf(error),
    cause: error,
  });
}

/** Whether an error is one of these errno names. */
export function hasCode(error: unknown, codes: readonly string[]): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    codes.includes(error.code)
  );
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && 'errno' in error && typeof error.errno === 'number') {
    const [code, text] = getSystemErrorMap().get(error.errno) ?? [];
    if (code !== undefined && text !== undefined) {
      return `${text} (${code})`;
    }
  }
  return error instanceof Error ? error.message : String(error);
}
