import { SystemError } from '../../src/errors.ts';
import { EXIT } from '../../src/exit-codes.ts';
import { installRequestOf } from '../install-request.ts';
import { slotPath } from '../slots.ts';
import { placeOf, type Step, type StepContext } from '../step.ts';
import { MARGIN, mib, mustHaveRecovery, mustRunHere } from './check-preconditions.ts';

/** With the partitions kept, what is on them takes room: refused while nothing is touched. */
export const checkInPlace: Step = {
  name: 'check-preconditions',
  title: 'Check the partitions and their space',
  needs: ['partitions'],
  whenInterrupted: 'repeat',
  touches: () => [],

  async run(context) {
    mustHaveRecovery(context.device);
    await mustRunHere(context);
    const { image, recovery } = installRequestOf(context);
    const { stateAt } = context.device;
    const freed = await bytesOf(context, 'active');
    const free = await context.system.disks.free(stateAt);
    // The new image beside the old ones; then its copy, when the old active image is gone.
    mustHold('state', Math.min(free, free + freed - image.bytes), image.bytes);
    const recoveryAt = placeOf(context.device, 'recovery') ?? '';
    const packing = recovery.fs === 'squashfs' && recovery.source !== undefined ? 2 : 1;
    mustHold('recovery', await context.system.disks.free(recoveryAt), packing * recovery.bytes);
    return undefined;
  },
};

async function bytesOf({ system, device }: StepContext, slot: 'active'): Promise<number> {
  const stat = await system.files.stat(slotPath(device, slot) ?? '');
  return stat?.allocatedBytes ?? 0;
}

function mustHold(partition: string, free: number, bytes: number): void {
  if (free >= bytes + MARGIN) return;
  throw new SystemError({
    code: 'no-space',
    message: `the ${partition} partition has ${mib(Math.max(free, 0))} MiB to spare, and ${mib(bytes + MARGIN)} are needed`,
    reason: 'the new images are made beside the old ones',
    hint: 'use a smaller image, free space there, or install without --no-format',
    exit: EXIT.noSpace,
  });
}
