import { SystemError } from '../../src/errors.ts';
import { EXIT } from '../../src/exit-codes.ts';
import * as z from 'zod';
import { slotPath } from '../slots.ts';
import type { Step, StepContext } from '../step.ts';
import { requestOf } from '../upgrade-request.ts';
import { strangersOn } from './clear-state.ts';
import { MARGIN, mib, mustHaveRecovery, mustRunHere } from './check-preconditions.ts';

/** What is given up before the new image is built, because it does not fit beside it. Recovery boots all the time. */
const GIVEN_UP = ['nothing', 'passive', 'both slots'] as const;

const room = z.object({ giveUp: z.enum(GIVEN_UP) });

/** Nothing of the machine is touched before it is known that recovery boots, that the image runs here, and that it fits. */
export const checkReset: Step = {
  name: 'check-preconditions',
  title: 'Check the machine, its recovery system and its space',
  needs: [],
  whenInterrupted: 'repeat',
  touches: () => [],

  async run(context) {
    const { device, system } = context;
    mustHaveRecovery(device);
    await mustHaveEfi(context);
    await mustRunHere(context);
    const stateYaml = await system.files.readText(`${device.stateAt}/state.yaml`);
    return {
      ...(await roomFor(context)),
      strangers: await strangersOn(context),
      ...(stateYaml === undefined ? {} : { stateYaml }),
    };
  },
};

/** What `check-preconditions` of this operation decided to give up. */
export function givenUp(context: StepContext): (typeof GIVEN_UP)[number] {
  return room.parse(context.output('check-preconditions')).giveUp;
}

async function mustHaveEfi({ system, device }: StepContext): Promise<void> {
  const { firmware } = await system.host.facts();
  if (firmware !== 'efi' || device.partitions.some(({ role }) => role === 'efi')) return;
  throw new SystemError({
    code: 'no-efi',
    message: 'no EFI partition was found',
    reason:
      'this machine starts by EFI, and no partition has the GPT name "efi" or the label COS_GRUB',
    hint: 'look at "lsblk -o NAME,PARTLABEL,LABEL"; a system without it would not start',
    exit: EXIT.mountPartitions,
  });
}

/** The new image is built beside the old ones, and copied when it has taken the place of active. */
async function roomFor(context: StepContext) {
  const { system, device } = context;
  const { bytes } = requestOf(context).image;
  const freeBytes = await system.disks.free(device.stateAt);
  const active = await bytesOf(context, 'active');
  const passive = await bytesOf(context, 'passive');
  const neededBytes = bytes + MARGIN;
  const gains = { nothing: 0, passive, 'both slots': passive + active };
  const giveUp = GIVEN_UP.find((what) => {
    const free = freeBytes + gains[what];
    const later = free - bytes + (what === 'both slots' ? 0 : active);
    return free >= neededBytes && later >= neededBytes;
  });
  if (giveUp !== undefined) return { giveUp, freeBytes, neededBytes };
  throw new SystemError({
    code: 'no-space',
    message: `the state partition would have ${mib(freeBytes + active + passive)} MiB for the new system, which needs ${mib(neededBytes + bytes)} MiB`,
    reason:
      'active and passive are two images of that size; the old ones are counted as free already',
    hint: 'use a smaller image, set reset.system.size, or install anew with a larger state partition',
    exit: EXIT.noSpace,
  });
}

/** Images have holes: what they give back is less than their size. */
async function bytesOf({ system, device }: StepContext, slot: 'active' | 'passive') {
  const path = slotPath(device, slot);
  const stat = path === undefined ? undefined : await system.files.stat(path);
  return stat?.allocatedBytes ?? 0;
}
