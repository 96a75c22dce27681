/**
 * From the wish for a new image to its operation: what is unfinished, whether this request is the same once more (law 3), what must be
 * refused. Decided from the log and the disk, in that order.
 */
import { runsUnconfirmed } from '../../machines/judgement.ts';
import { POST_STAGE } from '../../machines/stages.ts';
import { upgrade } from '../../machines/upgrade.ts';
import { upgradeRecovery } from '../../machines/upgrade-recovery.ts';
import { already, begin, carryOnAsked, keyOf } from './carry-out.ts';
import { imageRequestOf, keyParts, lookAround, type ImageWish } from './image-request.ts';
import type { Controls, Machinery, Outcome } from './machinery.ts';
import { installedBefore, registryOf, unfinished } from './memory.ts';
import { refuseCondemned, refuseOnTrial, refuseUnfinished } from './refusals.ts';
import type { Session } from './session.ts';
import { withSession } from './with-session.ts';

export interface UpgradeWish extends ImageWish {
  /** The slot that gets the new image. */
  readonly slot: 'active' | 'recovery';
  /** Options of mksquashfs, where the image is one. */
  readonly squashOptions: readonly string[];
  /**
   * Applies hooks again although the same image with the same hooks is installed; replaces a running image on trial; installs an image
   * that failed its judgement.
   */
  readonly again: 'no' | 'yes';
}

export async function upgradeDevice(
  machinery: Machinery,
  wish: UpgradeWish,
  controls: Controls,
): Promise<Outcome> {
  const { system } = machinery;
  const { facts, hooks, found } = await lookAround(machinery, wish, controls);
  const key = keyOf(machinery, 'upgrade', {
    ...keyParts(wish, facts, hooks),
    // Only where they change the result: keys of older logs stay what they are.
    ...(wish.slot === 'recovery' ? { slot: wish.slot, squashOptions: wish.squashOptions } : {}),
  });
  const operation = wish.slot === 'recovery' ? upgradeRecovery : upgrade;
  const work = async (session: Session): Promise<Outcome> => {
    const owed = unfinished(session);
    if (owed !== undefined) {
      if (owed.state.started.key !== key) throw refuseUnfinished(owed);
      return carryOnAsked(machinery, session, owed, controls, work);
    }
    const registry = registryOf(session);
    if (wish.again === 'no' && registry.condemned.includes(key)) throw refuseCondemned(wish.source);
    const same = await installedBefore(machinery, session, registry, {
      slot: wish.slot,
      key,
      signal: controls.signal,
    });
    if (same !== undefined && wish.again === 'no') {
      if (same.postStage !== 'failed') return already(machinery, session, same);
    }
    if (
      wish.slot === 'active' &&
      wish.again === 'no' &&
      same === undefined &&
      (await runsUnconfirmed(system, session.device))
    ) {
      throw await refuseOnTrial(system, session);
    }
    const { slot, squashOptions } = wish;
    const request = imageRequestOf(wish, { facts, hooks, session }, { slot, squashOptions });
    const only = same?.postStage === 'failed' && wish.again === 'no' ? [POST_STAGE] : undefined;
    return begin(machinery, session, { operation, request, key, hooks, only }, controls);
  };
  return withSession({ machinery, found }, work);
}
