/** Finds out, without changing anything, which machine this is: the disk we booted from and where its parts are. */
import type { Device } from '../../machines/step.ts';
import { EXIT } from '../exit-codes.ts';
import { SystemError } from '../errors.ts';
import type { HostFacts, Partition, System } from '../system/port.ts';

/** Where the running system shows the partition it booted from (spec 1.3). */
const BOOTED = '/run/initramfs/cos-state';

/** The device, but for the place of a COS_STATE that is not mounted yet. */
export interface FoundDevice extends Omit<Device, 'stateAt'> {
  readonly state: Partition;
}

export async function findDevice(system: System): Promise<FoundDevice> {
  const [facts, all] = await Promise.all([system.host.facts(), system.disks.partitions()]);
  return foundOn(facts, ofOneDisk(all));
}

/** The same of one disk, whatever else there is. */
export async function findDeviceOn(system: System, disk: string): Promise<FoundDevice> {
  const [facts, all] = await Promise.all([system.host.facts(), system.disks.partitions()]);
  const partitions = all.filter((partition) => partition.disk === disk);
  refuseTwice(partitions);
  return foundOn(facts, partitions);
}

function foundOn(facts: HostFacts, partitions: readonly Partition[]): FoundDevice {
  const state = partitions.find(({ role }) => role === 'state');
  if (state === undefined) throw noState(partitions);
  return { state, partitions, ...surroundings(facts) };
}

/** What is known of a machine without any disk of its own. */
export function surroundings(facts: HostFacts): Omit<Device, 'stateAt' | 'partitions'> {
  return {
    bootedFrom: bootedFrom(facts),
    ...(facts.runningImage === undefined ? {} : { runningImage: facts.runningImage }),
    bootId: facts.bootId,
    commandLine: facts.commandLine,
    arch: facts.arch,
  };
}

/** Several disks may carry our names: the one we booted from is meant; without that, guessing would be wrong. */
function ofOneDisk(all: readonly Partition[]): readonly Partition[] {
  const booted = all.find(({ mountedAt }) => mountedAt === BOOTED)?.disk;
  const chosen = booted === undefined ? all : all.filter(({ disk }) => disk === booted);
  refuseTwice(chosen);
  return chosen;
}

function refuseTwice(partitions: readonly Partition[]): void {
  const seen = new Map<string, Partition>();
  for (const partition of partitions) {
    const earlier = seen.get(partition.role);
    if (earlier !== undefined) throw ambiguous(earlier, partition);
    seen.set(partition.role, partition);
  }
}

function bootedFrom({ commandLine }: HostFacts): Device['bootedFrom'] {
  const words = commandLine.split(/\s+/);
  const image = words
    .find((word) => word.startsWith('cos-img/filename='))
    ?.split('/')
    .at(-1);
  switch (image) {
    case 'active.img':
      return 'active';
    case 'passive.img':
      return 'passive';
    case 'recovery.img':
    case 'recovery.squashfs':
      return 'recovery';
    default:
      return words.includes('cdroot') || words.includes('rd.cos.disable') ? 'live' : 'unknown';
  }
}

function noState(all: readonly Partition[]): SystemError {
  const found = all.map(({ device, role }) => `${device} (${role})`).join(', ');
  return new SystemError({
    code: 'no-state',
    message: 'no state partition (COS_STATE) was found',
    reason:
      found === ''
        ? 'no partition of this machine has one of our GPT names or labels'
        : `found only ${found}`,
    hint: 'run this on an installed system, or rehearse with "slotwright sandbox create"',
    exit: EXIT.mountPartitions,
  });
}

function ambiguous(one: Partition, other: Partition): SystemError {
  return new SystemError({
    code: 'ambiguous-partition',
    message: `two partitions are the ${one.role} partition: ${one.device} and ${other.device}`,
    reason: `this system did not boot from either disk (nothing of them is mounted at ${BOOTED})`,
    hint: 'detach the disk that is not meant, or boot from the one that is',
    exit: EXIT.mountPartitions,
  });
}
