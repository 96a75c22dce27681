/**
 * From the wish for a system on a disk to its operations. Everything that can be known before the first write is looked at before it: source,
 * disk, sizes, programs, configuration to be copied.
 */
import { install, installInPlace } from '../../machines/install.ts';
import { INSTALL_MEMORY } from '../../machines/install-request.ts';
import { prepareDisk } from '../../machines/prepare-disk.ts';
import { lookAtSlots } from '../../machines/slots.ts';
import { fetchedPath } from '../../machines/steps/copy-cloud-init.ts';
import { SlotwrightError } from '../errors.ts';
import { already, begin, carryOn } from './carry-out.ts';
import { findDeviceOn } from './device.ts';
import { mediumOf } from './install-medium.ts';
import {
  cloudInitName,
  planInstallation,
  type InstallPlan,
  type InstallWish,
} from './install-plan.ts';
import { mustBeAlone, mustHaveParts, refuseSystem } from './install-refusals.ts';
import type { Controls, Machinery, Outcome } from './machinery.ts';
import { forgetMemory, sessionInMemory } from './memory-session.ts';
import { installedBefore, registryOf, unfinished } from './memory.ts';
import { isBeforePivot } from './operation-machine.ts';
import { refuseUnfinished } from './refusals.ts';
import { openForReading, withRecovery, type Session } from './session.ts';
import { withSession } from './with-session.ts';

export async function installDevice(
  machinery: Machinery,
  wish: InstallWish,
  controls: Controls,
): Promise<Outcome> {
  const { system, state } = machinery;
  await system.files.makeDirectory(INSTALL_MEMORY, 0o700);
  const lock = await state.lock(INSTALL_MEMORY);
  const medium = await mediumOf(machinery, wish, controls);
  try {
    const plan = await planInstallation(machinery, { ...wish, source: medium.source }, controls);
    return wish.partitions === 'kept'
      ? await installOnPartitions(machinery, plan, controls)
      : await installOnDisk(machinery, plan, controls);
  } finally {
    await medium.release();
    for (const [index] of wish.cloudInit.entries()) {
      await system.files.remove(fetchedPath(cloudInitName(index)));
    }
    await lock.release();
  }
}

/** The whole disk. What an installation of ours has left on it is gone on with, or made nothing of. */
async function installOnDisk(
  machinery: Machinery,
  plan: InstallPlan,
  controls: Controls,
): Promise<Outcome> {
  const { system } = machinery;
  const { wish, disk, hooks, key } = plan;
  const left = wish.again === 'yes' ? 'nothing' : await leftOn(machinery, plan, controls);
  if (typeof left === 'object') return left;
  if (left === 'owed') {
    const found = await findDeviceOn(system, disk);
    return withSession({ machinery, found }, async (session) => {
      const owed = unfinished(session);
      if (owed === undefined) throw refuseSystem(disk);
      return carryOn(machinery, session, owed, controls);
    });
  }
  await mustBeAlone(system, wish, disk);
  const memory = await sessionInMemory(machinery, disk);
  let prepared: Outcome;
  try {
    const request = plan.requestFor(memory);
    const beginning = { operation: prepareDisk, request, key, hooks, only: undefined };
    prepared = await begin(machinery, memory, beginning, controls);
  } finally {
    await memory.close();
  }
  if (prepared.outcome !== 'completed') return prepared;
  await forgetMemory(machinery);
  const found = await findDeviceOn(system, disk);
  return withSession({ machinery, found }, async (session) =>
    begin(
      machinery,
      session,
      {
        operation: install,
        request: plan.requestFor(session),
        key,
        hooks,
        only: undefined,
        cause: prepared.id,
      },
      controls,
    ),
  );
}

async function installOnPartitions(
  machinery: Machinery,
  plan: InstallPlan,
  controls: Controls,
): Promise<Outcome> {
  const { wish, disk, firmware, hooks, key } = plan;
  const found = await findDeviceOn(machinery.system, disk);
  mustHaveParts(found, wish, firmware);
  await mustBeAlone(machinery.system, wish, disk);
  return withSession({ machinery, found }, async (session) => {
    const owed = unfinished(session);
    if (owed?.state.started.key === key) return carryOn(machinery, session, owed, controls);
    if (owed !== undefined) throw refuseUnfinished(owed);
    if (wish.again === 'no') {
      const same = await sameBefore(machinery, session, plan, controls);
      if (same !== undefined) return same;
      await refuseInstalledSystem(machinery, session);
    }
    const request = plan.requestFor(session);
    const beginning = { operation: installInPlace, request, key, hooks, only: undefined };
    return begin(machinery, session, beginning, controls);
  });
}

/** `owed`: an installation of the same that can go on. An outcome: the same is installed. A disk that cannot be read has nothing. */
async function leftOn(
  machinery: Machinery,
  plan: InstallPlan,
  controls: Controls,
): Promise<Outcome | 'owed' | 'nothing'> {
  let session: Session;
  try {
    const found = await findDeviceOn(machinery.system, plan.disk);
    if (found.state.fs === undefined) return 'nothing';
    session = await openForReading(machinery.system, machinery.state, found);
  } catch (error) {
    if (error instanceof SlotwrightError) return 'nothing';
    throw error;
  }
  try {
    const owed = unfinished(session);
    if (owed !== undefined) {
      const { started, state } = owed.state;
      if (started.key === plan.key) return 'owed';
      // A system that boots and owes its last steps: finished first, or given up with --force.
      if (started.operation === install.name && isBeforePivot(started.plan, state))
        return 'nothing';
      throw refuseUnfinished(owed);
    }
    return (await sameBefore(machinery, session, plan, controls)) ?? 'nothing';
  } finally {
    await session.close();
  }
}

async function sameBefore(
  machinery: Machinery,
  session: Session,
  { key }: InstallPlan,
  { signal }: Controls,
): Promise<Outcome | undefined> {
  const registry = registryOf(session);
  const same = await installedBefore(machinery, session, registry, { slot: 'active', key, signal });
  return same === undefined ? undefined : already(machinery, session, same);
}

/** With the partitions kept, a system on them is not taken for granted (spec 3.1, step 2). */
async function refuseInstalledSystem({ system }: Machinery, { device }: Session): Promise<void> {
  const [slot] = await lookAtSlots(system, device);
  const recovery = await withRecovery(system, device, 'ro', async (at) =>
    at === undefined ? undefined : system.files.stat(`${at}/cOS/recovery.img`),
  );
  if (slot !== undefined || recovery !== undefined) {
    throw refuseSystem(slot === undefined ? 'a recovery system' : `the ${slot.slot} image`);
  }
}
