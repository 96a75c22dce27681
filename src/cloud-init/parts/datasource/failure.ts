import { SlotwrightError } from '../../../errors.ts';
import { EntryError } from '../entry-error.ts';

/** What went wrong, for people. What is no failure of a provider but of ours is thrown again. */
export function failureOf(error: unknown): string {
  if (error instanceof SlotwrightError) {
    return error.reason === undefined ? error.message : `${error.message}: ${error.reason}`;
  }
  if (error instanceof EntryError) {
    return error.message;
  }
  throw error;
}
