/** From the wish to put a system into empty slots to its operation. */
import { deploy } from '../../machines/deploy.ts';
import { slotPath } from '../../machines/slots.ts';
import { already, begin, carryOnAsked, keyOf } from './carry-out.ts';
import { imageRequestOf, keyParts, lookAround, type ImageWish } from './image-request.ts';
import type { Controls, Machinery, Outcome } from './machinery.ts';
import { installedBefore, registryOf, unfinished } from './memory.ts';
import { refuseInstalled, refuseUnfinished } from './refusals.ts';
import type { Session } from './session.ts';
import { withSession } from './with-session.ts';

export interface DeployWish extends ImageWish {
  /** Goes on where there is a system in the slots. */
  readonly again: 'no' | 'yes';
}

export async function deployDevice(
  machinery: Machinery,
  wish: DeployWish,
  controls: Controls,
): Promise<Outcome> {
  const { facts, hooks, found } = await lookAround(machinery, wish, controls);
  const key = keyOf(machinery, 'deploy', keyParts(wish, facts, hooks));
  const work = async (session: Session): Promise<Outcome> => {
    const owed = unfinished(session);
    if (owed?.state.started.key === key)
      return carryOnAsked(machinery, session, owed, controls, work);
    if (owed !== undefined) throw refuseUnfinished(owed);
    if (wish.again === 'no') {
      const { signal } = controls;
      const registry = registryOf(session);
      const same = await installedBefore(machinery, session, registry, {
        slot: 'active',
        key,
        signal,
      });
      if (same !== undefined) return already(machinery, session, same);
    }
    const there = await systemIn(machinery, session);
    if (there !== undefined && wish.again === 'no') throw refuseInstalled(there);
    // Law 2 decides of a system that is there, wherever this is continued; a copy is for machines that have none.
    const passive = there === undefined ? 'copy' : 'rotate';
    const request = imageRequestOf(wish, { facts, hooks, session }, { passive });
    return begin(
      machinery,
      session,
      { operation: deploy, request, key, hooks, only: undefined },
      controls,
    );
  };
  return withSession({ machinery, found }, work);
}

async function systemIn({ system }: Machinery, { device }: Session): Promise<string | undefined> {
  for (const slot of ['active', 'passive'] as const) {
    const path = slotPath(device, slot);
    if (path !== undefined && (await system.files.stat(path)) !== undefined) return path;
  }
  return undefined;
}
