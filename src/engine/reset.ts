/** From the wish to make the system anew to its operation. It is what is left when nothing else helps: little may stand in its way. */
import { reset } from '../../machines/reset.ts';
import type { UpgradeRequest } from '../../machines/upgrade-request.ts';
import { begin, carryOn, keyOf } from './carry-out.ts';
import { imageRequestOf, keyParts, lookAround, type ImageWish } from './image-request.ts';
import type { Controls, Machinery, Outcome } from './machinery.ts';
import { unfinished } from './memory.ts';
import { refuseOutsideRecovery, refuseUnfinished } from './refusals.ts';
import { withSession } from './with-session.ts';

export interface ResetWish extends ImageWish {
  /** Partitions whose content goes. */
  readonly erase: UpgradeRequest['erase'];
  /** `everything`: leaves an unfinished operation as it is, for ever, and sets a log aside that cannot be read. */
  readonly over: 'nothing' | 'everything';
}

export async function resetDevice(
  machinery: Machinery,
  wish: ResetWish,
  controls: Controls,
): Promise<Outcome> {
  const { facts, hooks, found } = await lookAround(machinery, wish, controls);
  if (found.bootedFrom !== 'recovery') throw refuseOutsideRecovery(found);
  const { erase } = wish;
  const key = keyOf(machinery, 'reset', { ...keyParts(wish, facts, hooks), erase });
  const unreadable = wish.over === 'everything' ? 'is set aside' : 'stops';
  return withSession({ machinery, found, unreadable }, async (session) => {
    const owed = unfinished(session);
    if (owed !== undefined && wish.over === 'nothing') {
      if (owed.state.started.key !== key) throw refuseUnfinished(owed);
      return carryOn(machinery, session, owed, controls);
    }
    const request = imageRequestOf(wish, { facts, hooks, session }, { passive: 'copy', erase });
    return begin(
      machinery,
      session,
      { operation: reset, request, key, hooks, only: undefined, cause: owed?.id },
      controls,
    );
  });
}
