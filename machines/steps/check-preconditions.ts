import { SystemError, UsageError } from '../../src/errors.ts';
import { EXIT } from '../../src/exit-codes.ts';
import { rotation } from '../rotation.ts';
import { homeOf, imagesAt } from '../slots.ts';
import { foldersMustBePlain, slotsMustBePlain } from '../plain-places.ts';
import { freedBy, keptByOthers, leftovers } from '../leftovers.ts';
import type { Device, Step, StepContext } from '../step.ts';
import { requestOf, sizeSettingOf } from '../upgrade-request.ts';

/** Bytes that must stay free beside the new image: the log, state.yaml, the file system's own needs. */
export const MARGIN = 32 * 2 ** 20;

/** Refuses what cannot end well while nothing has been touched: laws 2 and 3, space, the machine's parts. */
export const checkPreconditions: Step = {
  name: 'check-preconditions',
  title: 'Check the machine',
  needs: [],
  whenInterrupted: 'repeat',
  touches: () => [],

  async run(context) {
    const { device, system } = context;
    const request = requestOf(context);
    mustHaveRecovery(device);
    await foldersMustBePlain(system, device.stateAt);
    await slotsMustBePlain(system, device, ['active', 'passive']);
    await mustRunHere(context);
    const space = await mustHaveSpace(context, {
      // Where passive becomes a copy, that must fit too.
      bytes: (request.passive === 'copy' ? 2 : 1) * request.image.bytes,
      partition: 'state',
      hint: `use a smaller image, set ${sizeSettingOf(context)}, or free space on COS_STATE`,
    });
    const stateYaml = await system.files.readText(`${device.stateAt}/state.yaml`);
    return {
      ...(await rotation(context)),
      ...space,
      // As it was before: `publish-state` makes the new one from it, however often it runs.
      ...(stateYaml === undefined ? {} : { stateYaml }),
    };
  },
};

export function mustHaveRecovery({ partitions }: Pick<Device, 'partitions'>): void {
  if (partitions.some(({ role }) => role === 'recovery')) return;
  throw new SystemError({
    code: 'no-recovery',
    message: 'no recovery partition (COS_RECOVERY) was found',
    reason: 'no partition has the GPT name "recovery" or the label COS_RECOVERY',
    hint: 'look at "slotwright status"; a machine without recovery is not changed',
    exit: EXIT.mountPartitions,
  });
}

export async function mustRunHere({ device, system, request }: StepContext): Promise<void> {
  const { arch, uri } = requestOf({ request }).source;
  if (arch === undefined || arch === device.arch) return;
  const binfmt = `/proc/sys/fs/binfmt_misc/qemu-${arch}`;
  if ((await system.files.stat(binfmt)) !== undefined) return;
  throw new UsageError({
    code: 'wrong-arch',
    message: `the image is made for ${arch}, this machine is ${device.arch}`,
    reason: `/bin/sh of ${uri} is a program for ${arch}`,
    hint: 'choose the image built for this machine',
    exit: EXIT.unsupported,
  });
}

/** Room for the new image beside what is there, and for what everything else needs. */
export async function mustHaveSpace(
  context: StepContext,
  { bytes, partition, hint }: Record<'partition' | 'hint', string> & { readonly bytes: number },
): Promise<{ readonly freeBytes: number; readonly neededBytes: number }> {
  const { system, id } = context;
  // What abandoned operations left goes before the new image is made.
  const left = await leftovers({ system, folder: imagesAt(context), id });
  const freeBytes = (await system.disks.free(homeOf(context))) + (await freedBy(system, left));
  const neededBytes = bytes + MARGIN;
  if (freeBytes >= neededBytes) return { freeBytes, neededBytes };
  throw new SystemError({
    code: 'no-space',
    message: `the ${partition} partition has ${mib(freeBytes)} MiB free, the new image needs ${mib(neededBytes)} MiB`,
    reason: await whatTakesSpace(context),
    hint,
    exit: EXIT.noSpace,
  });
}

async function whatTakesSpace({ system, id, ...context }: StepContext): Promise<string> {
  const kept = await keptByOthers({ system, folder: imagesAt(context), id });
  return kept.length === 0
    ? 'active, passive and the new image must fit side by side'
    : `an interrupted run kept ${kept.join(', ')}`;
}

/** Whole MiB, rounded up. */
export function mib(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20);
}
