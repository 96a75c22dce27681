import { readFile, access } from 'node:fs/promises';
import { isAtOrBelow, mountAt, readMounts } from './mountinfo.ts';
import { loopName } from './loop-device.ts';
import type { HostFacts, HostPort } from '../port.ts';
import type { Exec } from './exec.ts';
import type { MountEntry } from './mountinfo.ts';

/** What does not change while this process runs; read once. */
export function createHost(exec: Exec): HostPort {
  let facts: Promise<HostFacts> | undefined;
  return {
    facts: () => (facts ??= readFacts(exec)),
  };
}

/**
 * Identity of the image file behind the file system that is mounted here, if a loop device carries it. Asks the loop
 * device for inode and device, so it works when no path leads to the file; an overlay is traced to its lowest layer.
 */
export async function imageBehind(exec: Exec, mountPoint: string): Promise<string | undefined> {
  const entries = await readMounts();
  const top = mountAt(entries, mountPoint);
  const carrier = top?.fs === 'overlay' ? lowestLayer(entries, top) : top;
  if (carrier === undefined) return undefined;
  const loop = await loopName(carrier.device);
  if (loop === undefined) return undefined;
  const { stdout } = await exec.read('losetup', [
    ...['--list', '--noheadings', '--output', 'BACK-MAJ:MIN,BACK-INO'],
    `/dev/${loop}`,
  ]);
  const [device, inode] = stdout.trim().split(/\s+/);
  return device && inode ? `${device}:${inode}` : undefined;
}

const readFacts = async (exec: Exec): Promise<HostFacts> => {
  const [bootId, commandLine, machine, firmware, runningImage] = await Promise.all([
    readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    readFile('/proc/cmdline', 'utf8'),
    exec.read('uname', ['-m']),
    access('/sys/firmware/efi').then(
      () => 'efi' as const,
      () => 'bios' as const,
    ),
    imageBehind(exec, '/'),
  ]);
  return {
    root: process.getuid?.() === 0,
    bootId: bootId.trim(),
    commandLine: commandLine.trim(),
    arch: machine.stdout.trim(),
    firmware,
    ...(runningImage === undefined ? {} : { runningImage }),
  };
};

/** The mount that holds the last `lowerdir` of an overlay; its path is that of the time of mounting and may lead nowhere now. */
const lowestLayer = (
  entries: readonly MountEntry[],
  overlay: MountEntry,
): MountEntry | undefined => {
  const option = overlay.superOptions.find((text) => text.startsWith('lowerdir='));
  const lowest = option?.slice('lowerdir='.length).split(':').at(-1);
  if (lowest === undefined) return undefined;
  return entries
    .filter((entry) => entry.at !== '/' && isAtOrBelow(lowest, entry.at))
    .reduce<MountEntry | undefined>(
      (best, entry) => (best === undefined || entry.at.length >= best.at.length ? entry : best),
      undefined,
    );
};
