import { SystemError } from '../../src/errors.ts';
import { EXIT } from '../../src/exit-codes.ts';
import { installRequestOf } from '../install-request.ts';
import type { Step } from '../step.ts';

/** The first writes: from here on nothing on this disk boots, until the last one. */
export const divideDisk: Step = {
  name: 'divide-disk',
  title: 'Erase the disk and write its partition table',
  needs: [],
  whenInterrupted: 'repeat',
  touches: () => [],

  async run(context) {
    const { disk, table } = installRequestOf(context);
    if (table === undefined) return { devices: [] };
    try {
      return { devices: [...(await context.system.disks.divide(disk, table))] };
    } catch (cause) {
      if (!(cause instanceof SystemError) || cause.code === 'disk-busy') throw cause;
      throw new SystemError({
        code: 'partitioning-failed',
        message: `${disk} cannot be divided`,
        reason: cause.reason ?? cause.message,
        hint: 'look at "dmesg"; what was on the disk may be gone, install again',
        exit: EXIT.partitioning,
        cause,
      });
    }
  },
};
