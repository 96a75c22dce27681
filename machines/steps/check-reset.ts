import { SystemError } from '../../src/errors.ts';
import { EXIT } from '../../src/exit-codes.ts';
import * as z from 'zod';
import { freedBy, keptByOthers, leftovers } from '../leftovers.ts';
import { foldersMustBePlain, oddSlots } from '../plain-places.ts';
import { imagesAt, slotPath } from '../slots.ts';
import type { Device, Step, StepContext } from '../step.ts';
import { requestOf } from '../upgrade-request.ts';
import { strangersOn } from './clear-state.ts';
import { MARGIN, mib, mustHaveRecovery, mustRunHere } from './check-preconditions.ts';

/** What is given up before the new image is built, because it does not fit beside it. Recovery boots all the time. */
const GIVEN_UP = ['nothing', 'leftovers', 'passive', 'both slots'] as const;

const room = z.object({
  giveUp: z.enum(GIVEN_UP),
  /** Names of everything that goes. */
  goes: z.array(z.string()).optional(),
});

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
    mustHaveErased(context);
    await foldersMustBePlain(system, device.stateAt);
    await mustRunHere(context);
    const stateYaml = await system.files.readText(`${device.stateAt}/state.yaml`);
    return {
      ...(await roomFor(context)),
      strangers: await strangersOn(context),
      ...(stateYaml === undefined ? {} : { stateYaml }),
    };
  },
};

/** Paths of what `check-preconditions` of this operation decided to give up. */
export function givenUp(context: StepContext): readonly string[] {
  const { giveUp, goes } = room.parse(context.output('check-preconditions'));
  // A version that wrote no paths gave up slots alone.
  if (goes === undefined) return slotsGivenUp(context.device, giveUp);
  return goes.map((name) => `${imagesAt(context)}/${name}`);
}

function slotsGivenUp(device: Device, giveUp: (typeof GIVEN_UP)[number]): readonly string[] {
  const slots = { nothing: [], leftovers: [], passive: ['passive'], 'both slots': BOTH } as const;
  return slots[giveUp].map((slot) => slotPath(device, slot) ?? '');
}

const BOTH = ['passive', 'active'] as const;

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

function mustHaveErased(context: StepContext): void {
  const there = context.device.partitions.map(({ role }) => role);
  const missing = requestOf(context).erase.find((role) => !there.includes(role));
  if (missing === undefined) return;
  throw new SystemError({
    code: 'no-such-partition',
    message: `there is no ${missing} partition to erase`,
    reason: `no partition of this disk has the GPT name "${missing}" or the label COS_${missing.toUpperCase()}`,
    hint: `look at "lsblk -o NAME,PARTLABEL,LABEL", or leave out --reset-${missing}`,
    exit: EXIT.mountPartitions,
  });
}

/**
 * The new image is built beside what stays, and copied when it has taken the place of active. What is no image under the name of one goes
 * in any case; then what abandoned operations kept, then the slots.
 */
async function roomFor(context: StepContext) {
  const { system, device, id } = context;
  const { bytes } = requestOf(context).image;
  const place = { system, folder: imagesAt(context), id };
  const swept = await leftovers(place);
  const odd = await oddSlots(system, device, BOTH);
  const kept = await keptByOthers(place);
  const active = slotPath(device, 'active') ?? '';
  const freeBytes = await system.disks.free(device.stateAt);
  const neededBytes = bytes + MARGIN;
  for (const giveUp of GIVEN_UP) {
    const slots = slotsGivenUp(device, giveUp);
    const goes = [...new Set([...odd, ...(giveUp === 'nothing' ? [] : kept), ...slots])];
    const gone = [...swept, ...goes];
    const free = freeBytes + (await freedBy(system, gone));
    // By then the old active image has lost its name.
    const later = freeBytes + (await freedBy(system, [...gone, active])) - bytes;
    if (free >= neededBytes && later >= neededBytes) {
      return { giveUp, goes: goes.map(nameOf), freeBytes, neededBytes };
    }
  }
  const all = [...swept, ...kept, ...slotsGivenUp(device, 'both slots')];
  const most = freeBytes + (await freedBy(system, all));
  throw new SystemError({
    code: 'no-space',
    message: `the state partition would have ${mib(most)} MiB for the new system, which needs ${mib(neededBytes + bytes)} MiB`,
    reason:
      'active and passive are two images of that size; the old ones are counted as free already',
    hint: 'use a smaller image, set reset.system.size, or install anew with a larger state partition',
    exit: EXIT.noSpace,
  });
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
