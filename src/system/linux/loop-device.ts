import { readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { mountAt, readMounts } from './mountinfo.ts';

/** The loop device that carries a mounted image. */
export interface LoopDevice {
  /**
   * Resolves when the device has let go of its image after the last unmount, or after two seconds. It holds on while
   * anybody has it open, udev's probing for instance, and meanwhile the partition with the image cannot be unmounted.
   */
  released(): Promise<void>;
}

/** The loop device that is mounted here, if it frees itself. */
export async function loopBehind(mountPoint: string): Promise<LoopDevice | undefined> {
  const mount = mountAt(await readMounts(), mountPoint);
  const name = mount === undefined ? undefined : await loopName(mount.device);
  if (name === undefined) return undefined;
  const [file, autoclear] = [
    await attribute(name, 'backing_file'),
    await attribute(name, 'autoclear'),
  ];
  if (autoclear !== '1') return undefined;
  return {
    released: async () => {
      // Another mount of it, or a bind mount out of it, keeps the device on purpose.
      if ((await readMounts()).some(({ device }) => device === mount?.device)) return;
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        // Numbers are reused at once: another file is another device.
        const now = await attribute(name, 'backing_file');
        if (now === undefined || now !== file) return;
        await setTimeout(PAUSE_MS);
      }
    },
  };
}

/** The file that is read and written through the loop device of this number. */
export async function fileBehind(number: string): Promise<string | undefined> {
  const name = await loopName(number);
  return name === undefined ? undefined : attribute(name, 'backing_file');
}

/** Name of the whole loop device of this number, `undefined` for every other device. */
export async function loopName(number: string): Promise<string | undefined> {
  const target = await readlink(`/sys/dev/block/${number}`).catch(() => undefined);
  const name = target === undefined ? '' : path.basename(target);
  return /^loop\d+$/.test(name) ? name : undefined;
}

const PAUSE_MS = 10;
const ATTEMPTS = 200;

/** The attributes are there only while a file is attached. */
const attribute = async (loop: string, name: string): Promise<string | undefined> =>
  readFile(`/sys/block/${loop}/loop/${name}`, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );
