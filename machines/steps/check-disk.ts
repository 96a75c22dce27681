import { SystemError } from '../../src/errors.ts';
import { EXIT } from '../../src/exit-codes.ts';
import type { System } from '../../src/system/port.ts';
import { installRequestOf } from '../install-request.ts';
import type { Step } from '../step.ts';
import { mustRunHere } from './check-preconditions.ts';
import { mustBeTheSource } from './verify-image.ts';

/** The last look before the first write: the disk is still free, the source still what it was. */
export const checkDisk: Step = {
  name: 'check-disk',
  title: 'Check the disk and the image',
  needs: [],
  whenInterrupted: 'repeat',
  touches: () => [],

  async run(context) {
    const { disk } = installRequestOf(context);
    await mustRunHere(context);
    await mustBeTheSource(context);
    const { bytes } = await mustBeFree(context.system, disk);
    return { disk, bytes };
  },
};

/** A disk that may be erased: a whole one, that can be written to, and that nobody uses. */
export async function mustBeFree(
  system: System,
  disk: string,
): Promise<{ readonly device: string; readonly bytes: number; readonly sectorBytes: number }> {
  const found = await mustBeADisk(system, disk);
  if (found.users.length === 0) return found;
  throw unfit({
    code: 'disk-busy',
    message: `${disk} is in use`,
    reason: found.users.join('; '),
    hint: 'unmount what is on it; for volumes: "swapoff", "vgchange -an", "mdadm --stop". A running system is made anew by "reset"',
  });
}

export async function mustBeADisk(system: System, disk: string) {
  const found = await system.disks.describe(disk);
  if (found === undefined) {
    throw unfit({
      code: 'no-such-disk',
      message: `there is no ${disk}`,
      reason: 'nothing has this name',
      hint: 'run "lsblk" for the disks of this machine',
    });
  }
  const { kind, device, mode, bytes } = found;
  if (kind !== 'disk' || bytes === 0) {
    throw unfit({
      code: 'not-a-disk',
      message: `${disk} is not a disk`,
      reason: WHAT[kind],
      hint: 'name a whole disk, for instance /dev/sda',
    });
  }
  if (mode === 'rw') return found;
  throw unfit({
    code: 'disk-read-only',
    message: `${device} cannot be written to`,
    reason: 'the kernel has it read-only',
    hint: 'look for a switch on it, or for "blockdev --setrw"',
  });
}

const WHAT = {
  disk: 'it has no medium',
  partition: 'it is one of its partitions',
  other: 'it is a file, or a device of another kind',
} as const;

function unfit(parts: Record<'code' | 'message' | 'reason' | 'hint', string>): SystemError {
  return new SystemError({ ...parts, exit: EXIT.invalidTarget });
}
