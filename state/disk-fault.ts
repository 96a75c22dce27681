/** Turns an error of the file system into one that says what it means here. */
import { SlotwrightError, SystemError } from '../src/errors.ts';

export interface Meaning {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** Runs an access to the disk; an error that is not already ours becomes a `SystemError` of this meaning. */
export async function withMeaning<T>(meaning: Meaning, access: () => Promise<T>): Promise<T> {
  try {
    return await access();
  } catch (error) {
    if (error instanceof SlotwrightError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new SystemError({ ...meaning, reason, cause: error });
  }
}
