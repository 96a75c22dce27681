import { SystemError } from '../../src/errors.ts';
import { EXIT } from '../../src/exit-codes.ts';
import { homeOf } from '../slots.ts';
import type { Step } from '../step.ts';
import { requestOf } from '../upgrade-request.ts';
import {
  MARGIN,
  mib,
  mustHaveRecovery,
  mustRunHere,
  whatTakesSpace,
} from './check-preconditions.ts';

/** As for an upgrade of the system, on the partition that holds recovery: that must be mounted to be asked. */
export const checkRecovery: Step = {
  name: 'check-preconditions',
  title: 'Check the machine and its recovery partition',
  needs: ['partitions'],
  whenInterrupted: 'repeat',
  touches: () => [],

  async run(context) {
    const { device, system } = context;
    mustHaveRecovery(device);
    await mustRunHere(context);
    const { image } = requestOf(context);
    const free = await system.disks.free(homeOf(context));
    // A packed image lies beside the one it is packed from for a while.
    const needed = (image.fs === 'squashfs' ? 2 * image.bytes : image.bytes) + MARGIN;
    if (free < needed) {
      throw new SystemError({
        code: 'no-space',
        message: `the recovery partition has ${mib(free)} MiB free, the new image needs ${mib(needed)} MiB`,
        reason: await whatTakesSpace(context),
        hint: 'use a smaller image, set upgrade.recovery-system.size, or free space on COS_RECOVERY',
        exit: EXIT.noSpace,
      });
    }
    const stateYaml = await system.files.readText(`${device.stateAt}/state.yaml`);
    return {
      freeBytes: free,
      neededBytes: needed,
      ...(stateYaml === undefined ? {} : { stateYaml }),
    };
  },
};
