import { SystemError } from '../../src/errors.ts';
import { EXIT } from '../../src/exit-codes.ts';
import type { LoaderPlace } from '../../src/system/port.ts';
import { installRequestOf } from '../install-request.ts';
import { placeOf, type Step, type StepContext } from '../step.ts';
import { loaderPath } from './stage-loader.ts';

/**
 * The pivot of an installation: the last write of it is the one that makes the disk boot. Everything that it leads to is current in its
 * place before, for a boot loader that replays no journal.
 */
export const installLoader: Step = {
  name: 'install-boot-loader',
  title: 'Make the disk bootable',
  needs: ['partitions'],
  whenInterrupted: 'probe',
  touches: ({ device }) =>
    [device.stateAt, placeOf(device, 'efi')].filter((at) => at !== undefined),

  async run(context) {
    const { system, device } = context;
    const prepared = loaderPath(context);
    const done = `${prepared}.done`;
    // It has another name when it has done its work, and only then: half of it is never taken for all of it.
    if ((await system.files.stat(prepared)) === undefined) return removeDone(context, done);
    for (const at of [device.stateAt, placeOf(device, 'recovery')]) {
      if (at !== undefined) await system.settle.checkpoint(at);
    }
    try {
      await system.boot.installLoader(placeFor(context), prepared);
    } catch (cause) {
      if (!(cause instanceof SystemError) || context.signal.aborted) throw cause;
      throw new SystemError({
        code: cause.code,
        message: 'the boot loader cannot be installed',
        reason: cause.reason ?? cause.message,
        hint: cause.hint ?? 'look at "dmesg"; "slotwright resume" tries it again',
        exit: EXIT.installLoader,
        cause,
      });
    }
    await system.files.rename(prepared, done);
    return removeDone(context, done);
  },
};

async function removeDone({ system }: StepContext, done: string): Promise<undefined> {
  if ((await system.files.stat(done)) !== undefined) await system.files.removeTree(done);
}

function placeFor(context: StepContext): LoaderPlace {
  const { firmware, disk } = installRequestOf(context);
  const { partitions } = context.device;
  if (firmware === 'bios') {
    const core = partitions.find(({ role }) => role === 'bios')?.device;
    return { firmware, disk, ...(core === undefined ? {} : { core }) };
  }
  const at = placeOf(context.device, 'efi');
  if (at !== undefined) return { firmware, at };
  throw noEfi();
}

export function noEfi(): SystemError {
  return new SystemError({
    code: 'no-efi',
    message: 'no EFI partition was found on the disk',
    reason: 'no partition has the GPT name "efi" or the label COS_GRUB',
    hint: 'install without --no-format, or with --firmware bios',
    exit: EXIT.mountPartitions,
  });
}
