/** The answer to whoever names something as a log that is none. */
import { SystemError } from '../src/errors.ts';
import { EXIT } from '../src/exit-codes.ts';

export function noLog(place: string, reason: string): SystemError {
  return new SystemError({
    code: 'no-log',
    message: `${place} is not an event log`,
    reason,
    hint: 'name a copy of the directory "slotwright" of COS_STATE or COS_RECOVERY, a segment (.jsonl), or a bundle made by "slotwright history --export FILE"',
    exit: EXIT.logDamaged,
  });
}
