import { InterruptedError } from '../../../errors.ts';
import { EntryError } from '../entry-error.ts';
import type { PartContext } from '../part.ts';
import type { Search } from './findings.ts';

/** A drive that spins up needs some seconds; a broken one must not hold the boot up. */
const limitSeconds = 30;

/** Does something with programs that cannot hang: after half a minute they are ended and the work fails. */
export async function withinLimit<T>(
  search: Search,
  work: (context: PartContext) => Promise<T>,
): Promise<T> {
  const limit = AbortSignal.timeout(limitSeconds * 1000);
  try {
    return await work({ ...search.context, signal: AbortSignal.any([search.signal, limit]) });
  } catch (error) {
    if (error instanceof InterruptedError && limit.aborted && !search.signal.aborted) {
      throw new EntryError(`no answer within ${String(limitSeconds)} seconds`);
    }
    throw error;
  }
}
