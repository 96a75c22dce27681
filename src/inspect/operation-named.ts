/** Which operation somebody means. Pure. */
import { UsageError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { ReadSegment } from './history-rows.ts';

/** By its id, the unambiguous beginning of one, its number, or `last`. */
export function operationNamed<T extends ReadSegment>(segments: readonly T[], asked: string): T {
  const began = (one: T): boolean => one.row !== undefined || one.state !== undefined;
  const matching =
    asked === 'last'
      ? [segments.findLast(began)].filter((one) => one !== undefined)
      : segments
          .filter(({ id, number }) => id.startsWith(asked) || String(number) === asked)
          .filter(began);
  const exact = matching.find(({ id }) => id === asked);
  const [only, ...more] = exact === undefined ? matching : [exact];
  if (only !== undefined && more.length === 0) return only;
  throw new UsageError({
    code: only === undefined ? 'operation-unknown' : 'operation-ambiguous',
    message:
      only === undefined
        ? `no operation of this device is named "${asked}"`
        : `"${asked}" is the beginning of ${more.length + 1} operations`,
    hint: 'run "slotwright history" for the list',
    exit: EXIT.usage,
  });
}
