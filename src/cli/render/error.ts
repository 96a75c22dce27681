/** Errors on the screen in three lines: what failed, why, what to do next. */
import type { ErrorView } from '../../inspect/error-view.ts';
import { recordedError } from '../../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { printable } from './width.ts';

export function errorText(error: ErrorView): string {
  const lines = [`error: ${error.message}`];
  if (error.reason !== undefined) lines.push(`  why:  ${indented(error.reason)}`);
  if (error.hint !== undefined) lines.push(`  next: ${indented(error.hint)}`);
  return printable(lines.join('\n'));
}

/** Any thrown thing as data; what nobody foresaw says how to get at more. */
export function errorView(error: unknown): ErrorView & { readonly exit: number } {
  const recorded = recordedError(error);
  if (recorded.code !== 'unexpected') return { ...recorded, exit: recorded.exit ?? EXIT.usage };
  return {
    ...recorded,
    reason: 'this is a fault of the program, not of what you asked',
    hint: 'run it again with --debug and report what it says',
    exit: EXIT.unknown,
  };
}

const indented = (text: string) => text.trimEnd().split('\n').join('\n        ');
