import type { ExecResult } from '../target.ts';
import { EntryError } from './entry-error.ts';
import type { PartContext } from './part.ts';

/** Runs a program; anything but exit code 0 is an error that names it. */
export async function runProgram(
  context: PartContext,
  argv: readonly [string, ...string[]],
  options: Parameters<PartContext['exec']>[1] = {},
): Promise<void> {
  const result = await context.exec(argv, options);
  if (!isSuccess(result)) {
    throw new EntryError(`\`${argv.join(' ')}\` ${endOf(result)}`);
  }
}

export function isSuccess(result: ExecResult): boolean {
  return result.ended === 'exited' && result.code === 0;
}

/** How a program ended, for people. */
export function endOf(result: ExecResult): string {
  switch (result.ended) {
    case 'exited':
      return `ended with exit code ${String(result.code)}`;
    case 'killed':
      return `was killed by ${result.by}`;
    case 'missing':
      return `could not be started: ${result.reason}`;
  }
}
