/** What is found on the device when an operation begins, goes on and ends; strangers' changes are told. */
import { standingOfActive } from '../../machines/judgement.ts';
import { inodeOf, lookAtSlots, slotPath } from '../../machines/slots.ts';
import type { Device } from '../../machines/step.ts';
import type { Inventory } from '../../state/records.ts';
import { SystemError } from '../errors.ts';
import type { HookFile, System } from '../system/port.ts';
import type { Machinery } from './machinery.ts';
import type { Session } from './session.ts';

export async function takeInventory(
  { system }: Machinery,
  { device }: Session,
  hooks: readonly HookFile[],
): Promise<Inventory> {
  const [running] = runningIn(device);
  const partitions = [];
  for (const partition of device.partitions) {
    const at = partition.role === 'state' ? device.stateAt : partition.mountedAt;
    partitions.push({
      ...partition,
      ...(at === undefined ? {} : { freeBytes: await system.disks.free(at) }),
    });
  }
  return {
    bootId: device.bootId,
    bootedFrom: device.bootedFrom,
    ...(running === undefined ? {} : { running }),
    commandLine: device.commandLine,
    partitions,
    slots: await lookAtSlots(system, device),
    ...(await unconfirmedActive(system, device)),
    environment: await environmentOn(system, device),
    hooks,
  };
}

/** Records what is not as the log left it: the first look at a device, and images that somebody else changed. */
export async function noteStrangers(session: Session, inventory: Inventory): Promise<void> {
  const before = session.segments.findLast(({ state }) => state?.completed !== undefined)?.state
    ?.completed?.inventory.slots;
  if (before === undefined) {
    await session.store.append({ type: 'device.adopted', slots: inventory.slots });
    return;
  }
  const changed = inventory.slots.some((slot) => {
    const known = before.find((candidate) => candidate.slot === slot.slot);
    return known?.id !== slot.id || known.bytes !== slot.bytes;
  });
  const gone = before.some(({ slot }) => !inventory.slots.some((now) => now.slot === slot));
  if (changed || gone) {
    await session.store.append({ type: 'slots.changed-outside', before, after: inventory.slots });
  }
}

/** An active image that is judged: running it does not make it good. */
async function unconfirmedActive(
  system: System,
  device: Device,
): Promise<Pick<Inventory, 'unconfirmed'>> {
  const { standing } = await standingOfActive(system, device);
  const path = slotPath(device, 'active');
  const stat = path === undefined ? undefined : await system.files.stat(path);
  return standing === 'not-judged' || stat === undefined ? {} : { unconfirmed: inodeOf(stat) };
}

/** Inode number of the running image, where a file backs the root. */
export function runningIn({ runningImage }: Device): readonly string[] {
  return runningImage === undefined ? [] : [inodeOf({ id: runningImage })];
}

/** A damaged block says nothing, as for the boot loader; it must not stop what would write it anew. */
async function environmentOn(
  system: System,
  { stateAt }: Device,
): Promise<Inventory['environment']> {
  try {
    return (await system.boot.readEnvironment(`${stateAt}/grub_oem_env`)) ?? {};
  } catch (error) {
    if (error instanceof SystemError && error.code === 'environment-damaged') return {};
    throw error;
  }
}
