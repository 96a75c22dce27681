/** From the wish to make the system anew to its operation. It is what is left when nothing else helps: little may stand in its way. */
import { reset } from '../../machines/reset.ts';
import type { UpgradeRequest } from '../../machines/upgrade-request.ts';
import type { HookFile } from '../system/port.ts';
import { begin, carryOnAsked, keyOf } from './carry-out.ts';
import type { FoundDevice } from './device.ts';
import { imageRequestOf, keyParts, lookAround, type ImageWish } from './image-request.ts';
import type { Controls, Machinery, Outcome } from './machinery.ts';
import { unfinished } from './memory.ts';
import { refuseOutsideRecovery, refuseUnfinished } from './refusals.ts';
import type { Session } from './session.ts';
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
  const { found, facts, ...seen } = await lookAround(machinery, wish, controls);
  if (found.bootedFrom !== 'recovery') throw refuseOutsideRecovery(found);
  const { erase } = wish;
  const hooks = await hooksThatStay(machinery, found, erase, seen.hooks);
  const key = keyOf(machinery, 'reset', { ...keyParts(wish, facts, hooks), erase });
  const unreadable = wish.over === 'everything' ? 'is set aside' : 'stops';
  const work = async (session: Session): Promise<Outcome> => {
    const owed = unfinished(session);
    if (owed !== undefined && wish.over === 'nothing') {
      if (owed.state.started.key !== key) throw refuseUnfinished(owed);
      return carryOnAsked(machinery, session, owed, controls, work);
    }
    const request = imageRequestOf(wish, { facts, hooks, session }, { passive: 'copy', erase });
    return begin(
      machinery,
      session,
      { operation: reset, request, key, hooks, only: undefined, cause: owed?.id },
      controls,
    );
  };
  return withSession({ machinery, found, unreadable }, work);
}

/** Hook files that this reset erases before any hook runs do not apply: with them or without them it is the same request. */
async function hooksThatStay(
  { system }: Machinery,
  { partitions }: FoundDevice,
  erase: ResetWish['erase'],
  hooks: readonly HookFile[],
): Promise<readonly HookFile[]> {
  const devices = partitions.filter(({ role }) => erase.some((erased) => erased === role));
  const gone = (await system.mounts.list()).filter(({ source }) =>
    devices.some(({ device }) => device === source),
  );
  return hooks.filter(({ path }) => !gone.some(({ at }) => path.startsWith(`${at}/`)));
}
