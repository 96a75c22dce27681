/** From the wish to go back to its operation. */
import { inodeOf, slotPath } from '../../machines/slots.ts';
import { rollback } from '../../machines/rollback.ts';
import { noPassive } from '../../machines/steps/copy-passive.ts';
import type { UpgradeRequest } from '../../machines/upgrade-request.ts';
import { parseStateYaml } from '../../state/state-yaml.ts';
import type { System } from '../system/port.ts';
import { begin, carryOnAsked, keyOf } from './carry-out.ts';
import { findDevice } from './device.ts';
import type { Controls, Machinery, Outcome } from './machinery.ts';
import { registryOf, remembered, unfinished } from './memory.ts';
import { refuseUnfinished } from './refusals.ts';
import type { Session } from './session.ts';
import type { UpgradeWish } from './upgrade.ts';
import { withSession } from './with-session.ts';

export async function rollbackDevice(
  machinery: Machinery,
  wish: Pick<UpgradeWish, 'label' | 'passiveLabel' | 'date'>,
  controls: Controls,
): Promise<Outcome> {
  const { system } = machinery;
  const work = async (session: Session): Promise<Outcome> => {
    const passive = slotPath(session.device, 'passive') ?? '';
    const owed = unfinished(session);
    const stat = await system.files.stat(passive);
    if (owed !== undefined) {
      if (owed.state.started.operation !== 'rollback') throw refuseUnfinished(owed);
      return carryOnAsked(machinery, session, owed, controls, work);
    }
    if (stat?.kind !== 'file') throw noPassive(passive);
    const id = inodeOf(stat);
    const registry = registryOf(session);
    const request: UpgradeRequest = {
      slot: 'active',
      squashOptions: [],
      passive: 'rotate',
      erase: [],
      source: {
        kind: 'file',
        path: passive,
        uri: registry.slots.passive?.source ?? (await passiveSource(system, session)),
        digest: `inode:${id}`,
        contentBytes: stat.bytes,
        files: 0,
      },
      image: { bytes: stat.bytes, label: wish.label, fs: 'ext2' },
      passiveLabel: wish.passiveLabel,
      attempts: 1,
      strict: false,
      extraPaths: [],
      hooks: [],
      date: wish.date,
      ...remembered(registry, session),
    };
    const key = keyOf(machinery, 'rollback', {
      id,
      bytes: stat.bytes,
      bootId: session.device.bootId,
    });
    return begin(
      machinery,
      session,
      { operation: rollback, request, key, hooks: [], only: undefined },
      controls,
    );
  };
  return withSession({ machinery, found: await findDevice(machinery.system) }, work);
}

/** Where passive came from, as state.yaml tells it; empty when nobody knows. */
async function passiveSource(system: System, { device }: Session): Promise<string> {
  const read = parseStateYaml(await system.files.readText(`${device.stateAt}/state.yaml`));
  return (read.kind === 'state' ? read.state.state?.passive?.source : undefined) ?? '';
}
