import * as z from 'zod';
import { SystemError } from '../../src/errors.ts';
import { EXIT } from '../../src/exit-codes.ts';
import { installRequestOf } from '../install-request.ts';
import type { System } from '../../src/system/port.ts';
import type { Step } from '../step.ts';

const divided = z.object({ devices: z.array(z.string()) });

/** Makes the file systems, COS_STATE last: with it there is a place for the log. */
export const formatPartitions: Step = {
  name: 'format-partitions',
  title: 'Make the file systems',
  needs: [],
  whenInterrupted: 'repeat',
  touches: () => [],

  async run(context) {
    const { devices } = divided.parse(context.output('divide-disk'));
    const partitions = installRequestOf(context).table?.partitions ?? [];
    const made = partitions
      .map(({ name, fs, label }, index) => ({ name, fs, label, device: devices[index] ?? '' }))
      .toSorted((a, b) => Number(a.name === 'state') - Number(b.name === 'state'));
    for (const { fs, label, device } of made) {
      if (fs === undefined) continue;
      await makeFileSystem(
        context.system,
        device,
        { fs, ...(label === undefined ? {} : { label }) },
        'look at "dmesg", then install again',
      );
    }
    return { formatted: made.flatMap(({ fs, device }) => (fs === undefined ? [] : [device])) };
  },
};

/** Over whatever is there. */
export async function makeFileSystem(
  { disks }: System,
  device: string,
  fileSystem: { readonly fs: string; readonly label?: string },
  hint: string,
): Promise<void> {
  try {
    await disks.format(device, fileSystem);
  } catch (cause) {
    if (!(cause instanceof SystemError)) throw cause;
    throw new SystemError({
      code: 'format-failed',
      message: `no ${fileSystem.fs} can be made on ${device}`,
      reason: cause.reason ?? cause.message,
      hint,
      exit: EXIT.formatPartitions,
      cause,
    });
  }
}
