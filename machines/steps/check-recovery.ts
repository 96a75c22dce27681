import type { Step } from '../step.ts';
import { foldersMustBePlain, slotsMustBePlain } from '../plain-places.ts';
import { homeOf } from '../slots.ts';
import { requestOf } from '../upgrade-request.ts';
import { mustHaveRecovery, mustHaveSpace, mustRunHere } from './check-preconditions.ts';

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
    await foldersMustBePlain(system, homeOf(context));
    await slotsMustBePlain(system, device, ['recovery']);
    await mustRunHere(context);
    const { image } = requestOf(context);
    const space = await mustHaveSpace(context, {
      // A packed image lies beside the one it is packed from for a while.
      bytes: image.fs === 'squashfs' ? 2 * image.bytes : image.bytes,
      partition: 'recovery',
      hint: 'use a smaller image, set upgrade.recovery-system.size, or free space on COS_RECOVERY',
    });
    const stateYaml = await system.files.readText(`${device.stateAt}/state.yaml`);
    return { ...space, ...(stateYaml === undefined ? {} : { stateYaml }) };
  },
};
