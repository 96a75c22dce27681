import { constants } from 'node:fs';
import { open, readdir, readFile, readlink, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { errnoOf, ifThere } from './file-error.ts';
import { readMounts } from './mountinfo.ts';
import type { DiskFacts } from '../port.ts';

/** Looks at what a name leads to, as sysfs and the kernel tell; nothing is changed, not even for a moment. */
export async function describeDisk(name: string): Promise<DiskFacts | undefined> {
  const device = await ifThere(`look at ${name}`, () => realpath(name));
  if (device === undefined) return undefined;
  const found = await stat(device, { bigint: true });
  if (!found.isBlockDevice()) {
    return { device, kind: 'other', bytes: 0, sectorBytes: 0, mode: 'ro', users: [] };
  }
  const folder = await folderOf(found.rdev);
  const kind = await kindOf(folder);
  const disk = kind === 'partition' ? path.dirname(folder) : folder;
  return {
    device,
    kind,
    bytes: Number((await attribute(folder, 'size')) ?? 0) * 512,
    sectorBytes: Number((await attribute(disk, 'queue/logical_block_size')) ?? 512),
    mode: (await attribute(folder, 'ro')) === '0' ? 'rw' : 'ro',
    users: await usersOf(device, folder),
  };
}

/** A volume of the device mapper is no disk: the kernel knows no partitions of it. */
const kindOf = async (folder: string): Promise<DiskFacts['kind']> => {
  if ((await attribute(folder, 'partition')) !== undefined) return 'partition';
  return (await attribute(folder, 'dm/name')) === undefined ? 'disk' : 'other';
};

/** A partition of a disk, as the kernel knows it now. */
export interface KernelPartition {
  readonly node: string;
  readonly number: number;
  /** Bytes from the start of the disk. */
  readonly offset: number;
  readonly bytes: number;
}

/** The partitions of a disk, in the order of their numbers. */
export async function kernelPartitions(disk: string): Promise<readonly KernelPartition[]> {
  const { rdev } = await stat(disk, { bigint: true });
  const folder = await folderOf(rdev);
  const found: KernelPartition[] = [];
  for (const name of await readdir(folder)) {
    const inside = path.join(folder, name);
    const number = await attribute(inside, 'partition');
    if (number === undefined) continue;
    const [start, size] = [await attribute(inside, 'start'), await attribute(inside, 'size')];
    found.push({
      node: nodeOf(inside),
      number: Number(number),
      offset: Number(start ?? 0) * 512,
      bytes: Number(size ?? 0) * 512,
    });
  }
  return found.toSorted((a, b) => a.number - b.number);
}

/** The disk that holds a partition, and its number there. */
export async function placeOfPartition(
  node: string,
): Promise<{ readonly disk: string; readonly number: number } | undefined> {
  const { rdev } = await stat(node, { bigint: true });
  const folder = await folderOf(rdev);
  const number = await attribute(folder, 'partition');
  return number === undefined
    ? undefined
    : { disk: nodeOf(path.dirname(folder)), number: Number(number) };
}

const usersOf = async (device: string, folder: string): Promise<readonly string[]> => {
  const parts = [folder, ...(await insidesOf(folder))];
  const [mounts, swaps] = [
    await readMounts(),
    await readFile('/proc/swaps', 'utf8').catch(() => ''),
  ];
  const users: string[] = [];
  for (const part of parts) {
    const node = nodeOf(part);
    const number = await attribute(part, 'dev');
    const places = mounts.filter((mount) => mount.device === number || mount.source === node);
    users.push(...places.map(({ at }) => `${node} is mounted at ${at}`));
    if (swaps.split('\n').some((line) => line.startsWith(`${node} `)))
      users.push(`${node} is swap`);
    for (const holder of await readdir(path.join(part, 'holders')).catch(() => [])) {
      users.push(`${node} is a part of /dev/${holder}`);
    }
    users.push(...(await loopsOver(number)).map((loop) => `${node} is behind ${loop}`));
  }
  if (users.length === 0 && (await isClaimed(device))) {
    users.push('it is mounted in another namespace, or a program holds it');
  }
  return users;
};

/** A loop device over a disk claims nothing: what is mounted from it would go unnoticed. */
const loopsOver = async (number: string | undefined): Promise<readonly string[]> => {
  const loops: string[] = [];
  for (const name of await readdir('/sys/block')) {
    const backing = await attribute(`/sys/block/${name}`, 'loop/backing_file');
    if (backing === undefined) continue;
    const found = await stat(backing).catch(() => undefined);
    if (found?.isBlockDevice() !== true) continue;
    const { major, minor } = numbersOf(BigInt(found.rdev));
    if (`${major}:${minor}` === number) loops.push(`/dev/${name}`);
  }
  return loops;
};

/** The kernel refuses an exclusive opening of a disk of which a part is claimed, whoever claims it and wherever. */
const isClaimed = async (device: string): Promise<boolean> => {
  try {
    await (await open(device, constants.O_RDONLY | constants.O_EXCL)).close();
    return false;
  } catch (error) {
    return errnoOf(error) === 'EBUSY';
  }
};

/** As glibc takes a device number apart. */
const numbersOf = (rdev: bigint): { readonly major: bigint; readonly minor: bigint } => ({
  major: ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n),
  minor: (rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n),
});

const folderOf = async (rdev: bigint): Promise<string> => {
  const { major, minor } = numbersOf(rdev);
  const link = `/sys/dev/block/${major}:${minor}`;
  return path.resolve('/sys/dev/block', await readlink(link));
};

/** sysfs writes a slash in a device name as `!`. */
const nodeOf = (folder: string): string => `/dev/${path.basename(folder).replaceAll('!', '/')}`;

const insidesOf = async (folder: string): Promise<readonly string[]> => {
  const inside: string[] = [];
  for (const name of await readdir(folder)) {
    const at = path.join(folder, name);
    if ((await attribute(at, 'partition')) !== undefined) inside.push(at);
  }
  return inside;
};

const attribute = async (folder: string, name: string): Promise<string | undefined> =>
  readFile(path.join(folder, name), 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );
