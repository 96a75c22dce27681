import type { System } from '../src/system/port.ts';
import { IMAGES } from './slots.ts';
import { placeOf, type Device } from './step.ts';

/**
 * Gives back a remount. While an image runs that was replaced, its file has no name, and the kernel refuses: the file system then stays
 * writable until the next boot, behind mounts that are read-only for everybody but this process.
 */
export async function readOnlyAgain(system: System, device: Device, at: string): Promise<void> {
  try {
    await system.mounts.remount(at, 'ro');
  } catch (error) {
    if (!(await runsNameless(system, device, at))) throw error;
  }
}

async function runsNameless(system: System, device: Device, at: string): Promise<boolean> {
  const { runningImage, bootedFrom } = device;
  const home = bootedFrom === 'recovery' ? placeOf(device, 'recovery') : device.stateAt;
  if (runningImage === undefined || at !== home) return false;
  const folder = `${at}/${IMAGES}`;
  for (const name of await system.files.list(folder)) {
    if ((await system.files.stat(`${folder}/${name}`))?.id === runningImage) return false;
  }
  return true;
}
