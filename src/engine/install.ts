/**
 * From the wish for a system on a disk to its operations. Everything that can be known before the first write is looked at before it: source,
 * disk, sizes, programs, configuration to be copied.
 */
import { install, installInPlace } from '../../machines/install.ts';
import { layOutDisk, type WantedLayout } from '../../machines/install-layout.ts';
import { INSTALL_MEMORY, type InstallRequest } from '../../machines/install-request.ts';
import { prepareDisk } from '../../machines/prepare-disk.ts';
import { mustBeADisk, mustBeFree } from '../../machines/steps/check-disk.ts';
import { fetchedPath } from '../../machines/steps/copy-cloud-init.ts';
import { SlotwrightError } from '../errors.ts';
import type { HookFile, ImageSource, SourceFacts } from '../system/port.ts';
import { already, begin, carryOn, keyOf } from './carry-out.ts';
import { findDeviceOn, type FoundDevice } from './device.ts';
import { imageBytes, imageRequestOf, keyParts, type ImageWish } from './image-request.ts';
import {
  emptyRecoverySource,
  mustBeAlone,
  mustFitFirmware,
  mustHaveLoader,
  mustHavePrograms,
  notFetched,
  refuseSystem,
} from './install-refusals.ts';
import { mediumOf } from './install-medium.ts';
import type { Controls, Machinery, Outcome } from './machinery.ts';
import { sessionInMemory } from './memory-session.ts';
import { installedBefore, registryOf, unfinished } from './memory.ts';
import { isBeforePivot } from './operation-machine.ts';
import { emptySource, refuseUnfinished } from './refusals.ts';
import { openForReading, withRecovery, type Session } from './session.ts';
import { withSession } from './with-session.ts';
import { lookAtSlots } from '../../machines/slots.ts';

export interface InstallWish extends ImageWish {
  /** The disk, as it was named. */
  readonly target: string;
  /** Absent: as this machine starts. */
  readonly firmware?: 'bios' | 'efi';
  readonly layout: Pick<WantedLayout, 'kind' | 'partitions' | 'extra'>;
  readonly partitions: 'made' | 'kept';
  /** Installs anew where the same is installed, beside labels of another disk, and over a system on kept partitions. */
  readonly again: 'no' | 'yes';
  readonly recovery: {
    readonly label: string;
    readonly fs: string;
    readonly sizeBytes: number;
    readonly source?: ImageSource;
  };
  readonly squashOptions: readonly string[];
  /** Paths and addresses of files for COS_OEM. */
  readonly cloudInit: readonly string[];
  /** File or address of a medium that holds the source. */
  readonly iso?: string;
  /** Boot menu for an image that brings none. */
  readonly menu: string;
  readonly bootEntry: InstallRequest['bootEntry'];
  readonly medium: InstallRequest['medium'];
}

export async function installDevice(
  machinery: Machinery,
  wish: InstallWish,
  controls: Controls,
): Promise<Outcome> {
  const { system, state } = machinery;
  await system.files.makeDirectory(INSTALL_MEMORY, 0o700);
  const lock = await state.lock(INSTALL_MEMORY);
  const medium = await mediumOf(machinery, wish.iso, controls);
  try {
    const plan = await planOf(machinery, wish, controls);
    return wish.partitions === 'kept'
      ? await installOnPartitions(machinery, plan, controls)
      : await installOnDisk(machinery, plan, controls);
  } finally {
    await medium.release();
    for (const [index] of wish.cloudInit.entries()) {
      await system.files.remove(fetchedPath(nameOf(index)));
    }
    await lock.release();
  }
}

/** What was found out, and what follows from it. */
interface InstallPlan {
  readonly wish: InstallWish;
  readonly disk: string;
  readonly facts: SourceFacts;
  readonly hooks: readonly HookFile[];
  readonly key: string;
  readonly requestFor: (session: Session) => InstallRequest;
}

async function planOf(
  machinery: Machinery,
  wish: InstallWish,
  { signal }: Controls,
): Promise<InstallPlan> {
  const { system } = machinery;
  const look = wish.partitions === 'kept' ? mustBeADisk : mustBeFree;
  const { device: disk, bytes, sectorBytes } = await look(system, wish.target);
  const [facts, hooks, host] = await Promise.all([
    system.images.inspect(wish.source, { signal }),
    system.stages.files(wish.extraPaths),
    system.host.facts(),
  ]);
  if (facts.files === 0) throw emptySource(wish.source);
  const recoveryFacts = await recoverySource(machinery, wish, signal);
  const firmware = wish.firmware ?? host.firmware;
  mustFitFirmware({ disk, sectorBytes }, firmware);
  const recoveryBytes =
    recoveryFacts === undefined
      ? imageBytes(wish, facts)
      : imageBytes(wish.recovery, recoveryFacts);
  const table =
    wish.partitions === 'kept'
      ? undefined
      : layOutDisk({
          ...wish.layout,
          disk,
          bytes,
          firmware,
          needs: needsOf(imageBytes(wish, facts), recoveryBytes),
        });
  await mustHavePrograms(system, table);
  await mustHaveLoader(system, { firmware, arch: host.arch, source: wish.source });
  const cloudInit = await fetchAll(machinery, wish.cloudInit, signal);
  const { source, label, fs } = wish.recovery;
  const recovery = {
    label,
    fs,
    bytes: recoveryBytes,
    ...(source === undefined || recoveryFacts === undefined
      ? {}
      : { source: { ...source, ...recoveryFacts } }),
  };
  const parts = {
    ...{ disk, firmware, cloudInit, recovery, bootEntry: wish.bootEntry },
    ...(table === undefined ? {} : { table }),
  };
  return {
    wish,
    disk,
    facts,
    hooks,
    key: keyOf(machinery, 'install', {
      ...keyParts(wish, facts, hooks),
      install: JSON.stringify({ ...parts, cloudInit: cloudInit.map(({ digest }) => digest) }),
    }),
    requestFor: (session) => ({
      ...imageRequestOf(
        wish,
        { facts, hooks, session },
        { passive: 'copy', squashOptions: wish.squashOptions },
      ),
      ...parts,
      menu: wish.menu,
      medium: wish.medium,
      startedIn: session.device.bootedFrom,
    }),
  };
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
  const { wish, disk, hooks, key } = plan;
  const found = await findDeviceOn(machinery.system, disk);
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
  const found: FoundDevice['partitions'] = device.partitions;
  const recovery = await withRecovery(system, { partitions: found }, 'ro', async (at) =>
    at === undefined ? undefined : system.files.stat(`${at}/cOS/recovery.img`),
  );
  if (slot !== undefined || recovery !== undefined) {
    throw refuseSystem(slot === undefined ? 'a recovery system' : `the ${slot.slot} image`);
  }
}

async function recoverySource(
  { system }: Machinery,
  { recovery }: InstallWish,
  signal: AbortSignal,
): Promise<SourceFacts | undefined> {
  if (recovery.source === undefined) return undefined;
  const facts = await system.images.inspect(recovery.source, { signal });
  if (facts.files === 0) throw emptyRecoverySource(recovery.source);
  return facts;
}

/** In memory, for root alone, before anything is written to a disk. */
async function fetchAll(
  { system }: Machinery,
  sources: readonly string[],
  signal: AbortSignal,
): Promise<InstallRequest['cloudInit']> {
  const fetched: InstallRequest['cloudInit'] = [];
  for (const [index, from] of sources.entries()) {
    const name = nameOf(index);
    try {
      const { digest } = await system.images.fetch(from, fetchedPath(name), 0o600, { signal });
      fetched.push({ name, from, digest });
    } catch (error) {
      throw signal.aborted ? error : notFetched(from, error);
    }
  }
  return fetched;
}

/** As the reference calls them (spec 3.1, step 6). */
const nameOf = (index: number): string => `9${index}_custom.yaml`;

const MIB = 2 ** 20;

/** MiB: the images, inode tables and journal, and room for the log. */
function needsOf(image: number, recovery: number): WantedLayout['needs'] {
  const holding = (bytes: number): number => Math.ceil((bytes / MIB) * 1.03) + 64;
  return { state: holding(2 * image), recovery: holding(recovery) };
}
