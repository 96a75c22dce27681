import { readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';

/** A block device as sysfs shows it, whether udev runs or not. */
export interface BlockDevice {
  readonly name: string;
  /** `major:minor`. */
  readonly number: string;
  readonly bytes: number;
  /** Name of the disk that holds it; its own when it is one. */
  readonly disk: string;
  readonly kind: 'disk' | 'partition';
}

/** Devices that can carry a file system of ours: partitions and disks without any, with a size, unused by other devices. */
export async function listBlockDevices(): Promise<readonly BlockDevice[]> {
  const names = await readdir('/sys/class/block');
  const found = await Promise.all(names.filter((name) => !FOREIGN.test(name)).map(readDevice));
  const devices = found.filter((device) => device !== undefined);
  const partitioned = new Set(
    devices.filter(({ kind }) => kind === 'partition').map(({ disk }) => disk),
  );
  return devices
    .filter(({ kind, name }) => kind === 'partition' || !partitioned.has(name))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Memory, compressed memory, optical and floppy drives, flash without a translation layer. */
const FOREIGN = /^(ram|zram|sr|fd|mtdblock)\d/;

const readDevice = async (name: string): Promise<BlockDevice | undefined> => {
  const folder = `/sys/class/block/${name}`;
  const [number, sectors, target, holders, partition] = await Promise.all([
    text(`${folder}/dev`),
    text(`${folder}/size`),
    readlink(folder).catch(() => undefined),
    readdir(`${folder}/holders`).catch(() => []),
    text(`${folder}/partition`),
  ]);
  // A device that vanished meanwhile, an empty loop device, or one layer of a device-mapper or RAID device.
  if (number === undefined || target === undefined || !Number(sectors) || holders.length > 0) {
    return undefined;
  }
  const kind = partition === undefined ? 'disk' : 'partition';
  return {
    name,
    number,
    bytes: Number(sectors) * 512,
    disk: kind === 'disk' ? name : path.basename(path.dirname(target)),
    kind,
  };
};

const text = async (file: string): Promise<string | undefined> =>
  readFile(file, 'utf8').then(
    (content) => content.trim(),
    () => undefined,
  );
