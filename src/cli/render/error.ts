/** Errors on the screen in three lines: what failed, why, what to do next. */
import type { ErrorView } from '../../inspect/error-view.ts';
import { recordedError } from '../../errors.ts';
import { EXIT } from '../../exit-codes.ts';
import { printable } from './width.ts';

export function errorText(error: ErrorView): string {
  return [printable(`error: ${error.message}`), ...whyAndNext(error)].join('\n');
}

/** The second and third line, for what has its own first. */
export function whyAndNext({ reason, hint }: Pick<ErrorView, 'reason' | 'hint'>): string[] {
  return [
    ...(reason === undefined ? [] : [`  why:  ${indented(reason)}`]),
    ...(hint === undefined ? [] : [`  next: ${indented(hint)}`]),
  ].map(printable);
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
