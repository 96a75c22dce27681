/** Looks at a device for the doctor: the disk, the mounts, the boot environment, the lock and the log. Changes nothing. */
import { leftovers, keptByOthers } from '../../machines/leftovers.ts';
import { standingOfActive } from '../../machines/judgement.ts';
import { IMAGES, lookAtSlots, slotPath } from '../../machines/slots.ts';
import type { Device } from '../../machines/step.ts';
import type { SlotFacts } from '../../state/records.ts';
import type { Registry } from '../../state/registry-schema.ts';
import type { Judgement } from '../boot/judgement.ts';
import { recordedError, SlotwrightError, SystemError, type RecordedError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { FileStat, Mount, Slot } from '../system/port.ts';
import { findDevice } from './device.ts';
import type { Machinery } from './machinery.ts';
import { registryOf, unfinished, type Unfinished } from './memory.ts';
import {
  leftWritable,
  openForReading,
  withRecovery,
  type CopiesStanding,
  type RegistryStanding,
  type Segment,
  type Session,
} from './session.ts';
import { wayBack } from './way-back.ts';

/** What was found, or why it could not be looked at. */
export type Seen<T> = { readonly value: T } | { readonly error: RecordedError };

export interface Examination {
  readonly device: Seen<Device>;
  readonly log: Seen<LogSeen>;
  /** Who is at work on this device, where somebody is. */
  readonly lock: Seen<string | undefined>;
  readonly mounts: Seen<readonly Mount[]>;
  /** Where a dead process left a file system writable. */
  readonly writable: Seen<readonly string[]>;
  readonly slots: Seen<readonly SlotFacts[]>;
  /** Who keeps in use what operations mount over or replace: foreign mounts below {@link MOUNTS}, images of other slots than the running one. */
  readonly used: Seen<readonly { readonly path: string; readonly users: readonly string[] }[]>;
  /** What has the name of a slot, whatever it is. */
  readonly names: Seen<Readonly<Partial<Record<Slot, FileStat['kind']>>>>;
  readonly leftovers: Seen<readonly string[]>;
  /** Images that abandoned operations kept. */
  readonly kept: Seen<readonly string[]>;
  readonly judgement: Seen<{ readonly says: Judgement; readonly activeUuid?: string }>;
  readonly user: Seen<Readonly<Record<string, string>>>;
  readonly stateFree: Seen<number>;
  /** Of each slot, where it was asked for: what its content is, and whether its file system is sound. */
  readonly content: Seen<readonly ContentSeen[]>;
  /** Of the log on COS_RECOVERY, where it was asked for and there are any to be. */
  readonly copies: Seen<CopiesStanding | undefined>;
}

export interface LogSeen {
  readonly segments: readonly Segment[];
  readonly owed: Unfinished | undefined;
  /** It can still be undone. */
  readonly wayBack: boolean;
  readonly registry: Registry;
  /** How the kept projection stands with the log. */
  readonly standing: RegistryStanding;
}

export interface ContentSeen {
  readonly slot: Slot;
  readonly digest?: string;
  /** Of its file system. */
  readonly damage?: string;
}

export async function examine(
  machinery: Machinery,
  depth: 'names' | 'content',
  signal: AbortSignal,
): Promise<Examination> {
  const { system, state } = machinery;
  const session = await seen(() => openForReading(system, state));
  try {
    const device =
      'value' in session
        ? { value: session.value.device }
        : await seen(() => deviceWithoutLog(machinery));
    const log = 'value' in session ? await seen(() => logOf(machinery, session.value)) : session;
    return await lookAround(machinery, { device, log, depth, signal });
  } finally {
    if ('value' in session) await session.value.close();
  }
}

async function lookAround(
  machinery: Machinery,
  {
    device,
    log,
    depth,
    signal,
  }: Pick<Examination, 'device' | 'log'> & {
    readonly depth: 'names' | 'content';
    readonly signal: AbortSignal;
  },
): Promise<Examination> {
  const { system } = machinery;
  const at = <T>(look: (device: Device) => Promise<T>): Promise<Seen<T>> =>
    'value' in device ? seen(() => look(device.value)) : Promise.resolve(device);
  const folder = ({ stateAt }: Device): string => `${stateAt}/${IMAGES}`;
  const slots = await at((one) => lookAtSlots(system, one));
  return {
    device,
    log,
    lock: await at(({ stateAt }) => machinery.state.holder(stateAt)),
    mounts: await seen(() => system.mounts.list()),
    writable: await at((one) => leftWritable(system, one)),
    slots,
    used: await at((one) => usersOf(machinery, one)),
    names: await at((one) => namesOf(machinery, one)),
    leftovers: await at((one) => leftovers({ system, folder: folder(one), id: '' })),
    kept: await at((one) => keptByOthers({ system, folder: folder(one), id: '' })),
    judgement: await at(async (one) => {
      const { judgement: says, uuid } = await standingOfActive(system, one);
      return uuid === undefined ? { says } : { says, activeUuid: uuid };
    }),
    user: await at(async (one) => {
      const oem = one.partitions.find(({ role }) => role === 'oem')?.mountedAt;
      return oem === undefined ? {} : ((await system.boot.readEnvironment(`${oem}/grubenv`)) ?? {});
    }),
    stateFree: await at((one) => system.disks.free(one.stateAt)),
    content: await at((one) =>
      depth === 'names' || !('value' in slots)
        ? Promise.resolve([])
        : contentOf(machinery, one, slots.value, signal),
    ),
    copies: await at((one) =>
      depth === 'names' || !('value' in log)
        ? Promise.resolve(undefined)
        : withRecovery(system, one, 'ro', async (copiesAt) =>
            copiesAt === undefined
              ? undefined
              : machinery.state.compareCopies(one.stateAt, copiesAt),
          ),
    ),
  };
}

async function logOf(machinery: Machinery, session: Session): Promise<LogSeen> {
  const owed = unfinished(session) ?? unfinished(session, 'assessment');
  const back = owed === undefined ? undefined : await wayBack(machinery, session, owed);
  return {
    segments: session.segments,
    owed,
    wayBack: back !== undefined,
    registry: registryOf(session),
    standing: session.registry,
  };
}

/** Where the log cannot be read the disk still can, where it is mounted. */
async function deviceWithoutLog({ system }: Machinery): Promise<Device> {
  const found = await findDevice(system);
  const { mountedAt } = found.state;
  if (mountedAt !== undefined) return { ...found, stateAt: mountedAt };
  throw new SystemError({
    code: 'mount-state',
    message: 'the state partition is not mounted',
    exit: EXIT.mountState,
  });
}

/** Where operations mount, each in a namespace of its own. */
export const MOUNTS = '/run/cos/';

async function usersOf(
  { system }: Machinery,
  device: Device,
): Promise<readonly { readonly path: string; readonly users: readonly string[] }[]> {
  const mounted = (await system.mounts.list()).map(({ at }) => at);
  const paths = mounted.filter((at) => at.startsWith(MOUNTS));
  for (const slot of ['active', 'passive', 'recovery'] as const) {
    const path = slotPath(device, slot);
    const image = path === undefined ? undefined : await system.files.stat(path);
    const idle = slot !== device.bootedFrom && image?.id !== device.runningImage;
    if (path !== undefined && image?.kind === 'file' && idle) paths.push(path);
  }
  const used = [];
  for (const path of paths) {
    used.push({ path, users: await system.mounts.users(path) });
  }
  return used.filter(({ users }) => users.length > 0);
}

async function namesOf(
  { system }: Machinery,
  device: Device,
): Promise<Readonly<Partial<Record<Slot, FileStat['kind']>>>> {
  const found: Partial<Record<Slot, FileStat['kind']>> = {};
  for (const slot of ['active', 'passive', 'recovery'] as const) {
    const path = slotPath(device, slot);
    const stat = path === undefined ? undefined : await system.files.stat(path);
    if (stat !== undefined) found[slot] = stat.kind;
  }
  return found;
}

async function contentOf(
  { system }: Machinery,
  device: Device,
  slots: readonly SlotFacts[],
  signal: AbortSignal,
): Promise<readonly ContentSeen[]> {
  const found: ContentSeen[] = [];
  for (const { slot } of slots) {
    const path = slotPath(device, slot) ?? '';
    const digest = await seen(() => system.images.digest(path, { signal }));
    const check = await seen(() => system.images.check(path, { signal }));
    signal.throwIfAborted();
    found.push({
      slot,
      ...('value' in digest ? { digest: digest.value } : {}),
      ...('value' in check ? {} : { damage: check.error.reason ?? check.error.message }),
    });
  }
  return found;
}

async function seen<T>(look: () => Promise<T>): Promise<Seen<T>> {
  try {
    return { value: await look() };
  } catch (error) {
    if (error instanceof SlotwrightError) return { error: recordedError(error) };
    throw error;
  }
}
