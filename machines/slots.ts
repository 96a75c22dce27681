/** Names and places of images on COS_STATE and COS_RECOVERY, and how two sightings of one image are told apart. */
import { SystemError } from '../src/errors.ts';
import type { FileStat, Slot, System } from '../src/system/port.ts';
import type { SlotFacts } from '../state/records.ts';
import { requestOf } from './upgrade-request.ts';
import { placeOf, type Device, type StepContext } from './step.ts';

/** Folder of the images on both partitions (spec 1.2). */
export const IMAGES = 'cOS';

/** Where a slot's image is while its partition is mounted; absent without that partition. */
export function slotPath(device: Device, slot: Slot): string | undefined {
  const place = placeOf(device, slot === 'recovery' ? 'recovery' : 'state');
  return place === undefined ? undefined : `${place}/${IMAGES}/${slot}.img`;
}

/** The file this operation builds its new image in; a spoiled one is never used again. */
export function targetPath(context: StepContext): string {
  return `${imagesAt(context)}/transition.${context.id}.${context.generation}.img`;
}

/** A second name that keeps the outgoing active image while the pivot takes its first one. */
export function retiredPath(context: StepContext): string {
  return `${imagesAt(context)}/retired.${context.id}.img`;
}

/** A second name that keeps the old image readable for GRUB while its name moves on (architecture section 5). */
export function doomedPath(context: StepContext, slot: Slot): string {
  return `${imagesAt(context)}/doomed.${context.id}.${slot}.img`;
}

/** The copy of the new active image that becomes passive. */
export function passiveCopyPath(context: StepContext): string {
  return `${imagesAt(context)}/transition.${context.id}.passive.img`;
}

/** The new image as a squashfs, made from the one that was filled. */
export function packedPath(context: StepContext): string {
  return targetPath(context).replace(/\.img$/, '.squashfs');
}

/** Mount point of the file system that the new image is built in: the one it stays in. */
export function homeOf({ device, request }: Pick<StepContext, 'device' | 'request'>): string {
  const { slot } = requestOf({ request });
  return (slot === 'recovery' ? placeOf(device, 'recovery') : undefined) ?? device.stateAt;
}

export function imagesAt(context: Pick<StepContext, 'device' | 'request'>): string {
  return `${homeOf(context)}/${IMAGES}`;
}

/** True for names that only an operation of ours makes. */
export function isOurs(name: string, id: string): boolean {
  return ['transition', 'retired', 'doomed'].some((kind) => name.startsWith(`${kind}.${id}.`));
}

/** The part of a file's identity that survives a reboot: its inode number. */
export function inodeOf(stat: Pick<FileStat, 'id'>): string {
  return stat.id.slice(stat.id.lastIndexOf(':') + 1);
}

/** The slots as they are on the disk now; those on partitions that are not mounted are left out. */
export async function lookAtSlots(system: System, device: Device): Promise<readonly SlotFacts[]> {
  const seen: SlotFacts[] = [];
  for (const slot of ['active', 'passive', 'recovery'] as const) {
    const path = slotPath(device, slot);
    const stat = path === undefined ? undefined : await system.files.stat(path);
    if (path === undefined || stat?.kind !== 'file') continue;
    // A damaged image has none; it must not stand in the way of what replaces it.
    const label = await labelOf(system, path);
    seen.push({
      slot,
      id: inodeOf(stat),
      bytes: stat.bytes,
      ...(label === undefined ? {} : { label }),
    });
  }
  return seen;
}

async function labelOf(system: System, path: string): Promise<string | undefined> {
  try {
    return await system.images.label(path);
  } catch (error) {
    if (error instanceof SystemError) return undefined;
    throw error;
  }
}
