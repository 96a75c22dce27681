/** Refusals of what the reference has and this version has not; always before anything is touched. */
import { EXIT } from '../exit-codes.ts';
import { UsageError } from '../errors.ts';

/** `what` is a plural or singular subject with its verb: "container sources are". */
export function notBuilt(what: string, hint: string): UsageError {
  return new UsageError({
    code: 'not-built',
    message: `${what} not built yet`,
    reason: 'this version does not have it; nothing was changed',
    hint,
    exit: EXIT.notBuilt,
  });
}
