/** Law 6: what is written below a name of ours stays on its partition, and what boots is a file. Looked at before anything is written there. */
import { SystemError } from '../src/errors.ts';
import { EXIT } from '../src/exit-codes.ts';
import type { FileStat, Slot, System } from '../src/system/port.ts';
import { IMAGES, slotPath } from './slots.ts';
import type { Device } from './step.ts';

/** Folders that operations write into, from the top of the partition of the images. */
const FOLDERS = [IMAGES, 'grub2', 'grub'];

/** Refuses a link or a file in the place of a folder. */
export async function foldersMustBePlain(system: Pick<System, 'files'>, at: string): Promise<void> {
  for (const folder of FOLDERS) {
    const path = `${at}/${folder}`;
    const stat = await system.files.stat(path);
    if (stat === undefined || stat.kind === 'directory') continue;
    throw new SystemError({
      code: 'folder-odd',
      message: `${path} is ${KINDS[stat.kind]} in the place of a directory`,
      reason: 'what is written below it would not be where the boot loader looks for it',
      hint: `make ${path} a directory again, then run the same command`,
      exit: EXIT.unsupported,
    });
  }
}

/** Refuses what is no file under the name of an image. */
export async function slotsMustBePlain(
  system: System,
  device: Device,
  slots: readonly Slot[],
): Promise<void> {
  const [path] = await oddSlots(system, device, slots);
  if (path === undefined) return;
  throw new SystemError({
    code: 'slot-odd',
    message: `${path} is no file, and so no image`,
    reason: 'it has the name that a new image or the outgoing one would get',
    hint: 'move it away, then run the same command; "slotwright reset", in recovery, removes it',
    exit: EXIT.unsupported,
  });
}

/** Paths of slots whose name something else has. */
export async function oddSlots(
  system: System,
  device: Device,
  slots: readonly Slot[],
): Promise<readonly string[]> {
  const odd: string[] = [];
  for (const slot of slots) {
    const path = slotPath(device, slot);
    const stat = path === undefined ? undefined : await system.files.stat(path);
    if (path !== undefined && stat !== undefined && stat.kind !== 'file') odd.push(path);
  }
  return odd;
}

const KINDS: Readonly<Record<FileStat['kind'], string>> = {
  file: 'a file',
  directory: 'a directory',
  link: 'a link',
  other: 'something else',
};
