/** Puts prepared boot loader files where firmware finds them; the last write makes the disk start with them. */
import { open, readdir, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { syncDirectory } from '../../../state/durable-file.ts';
import { BOOT_CODE_BYTES, CORE_PLACE, placeCore, SECTOR } from '../../boot/loader.ts';
import { EXIT } from '../../exit-codes.ts';
import { SystemError } from '../../errors.ts';
import { kernelPartitions } from './disk-facts.ts';
import { doing } from './file-error.ts';
import { putFile } from './put-file.ts';
import type { LoaderPlace } from '../port.ts';

export async function installLoader(place: LoaderPlace, directory: string): Promise<void> {
  await doing('install the boot loader', () =>
    place.firmware === 'bios' ? installBios(place, directory) : installEfi(place.at, directory),
  );
}

/**
 * GRUB goes where the present one is not: into the other half of its place. Then one sector, which disks write whole or not at all, leads
 * to the new one instead of the old one.
 */
const installBios = async (
  { disk, core: partition }: Extract<LoaderPlace, { readonly firmware: 'bios' }>,
  directory: string,
): Promise<void> => {
  const core = await readFile(path.join(directory, 'core.img'));
  const boot = await readFile(path.join(directory, 'boot.img'));
  const place = await placeFor(disk, partition);
  const file = await open(disk, 'r+');
  try {
    const sector = Buffer.alloc(SECTOR);
    await file.read(sector, 0, SECTOR, 0);
    const half = Math.floor(place.sectors / 2);
    if (core.length > half * SECTOR) throw tooLarge(core.length, half * SECTOR);
    const present = Number(sector.readBigUInt64LE(CORE_PLACE));
    const at = present === place.first ? place.first + half : place.first;
    placeCore(boot, core, at);
    await file.write(core, 0, core.length, at * SECTOR);
    await file.sync();
    boot.copy(sector, 0, 0, BOOT_CODE_BYTES);
    // Without it no BIOS starts the sector; a partition table brings it already.
    sector.writeUInt16LE(0xaa55, SECTOR - 2);
    await file.write(sector, 0, SECTOR, 0);
    await file.sync();
  } finally {
    await file.close();
  }
};

/** In sectors, from the start of the disk. */
const placeFor = async (
  disk: string,
  partition: string | undefined,
): Promise<{ readonly first: number; readonly sectors: number }> => {
  const partitions = await kernelPartitions(disk);
  if (partition !== undefined) {
    const found = partitions.find(({ node }) => node === partition);
    if (found !== undefined) return { first: found.offset / SECTOR, sectors: found.bytes / SECTOR };
  }
  const first = Math.min(...partitions.map(({ offset }) => offset / SECTOR));
  // The first sector is the one that starts it.
  return { first: 1, sectors: Number.isFinite(first) ? first - 1 : 0 };
};

/** The file that firmware starts comes last; each of them beside its place first. */
const installEfi = async (at: string, directory: string): Promise<void> => {
  const names = (await readdir(directory, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)));
  const isStart = (name: string): boolean => /^EFI\/BOOT\/BOOT[A-Z0-9]+\.EFI$/.test(name);
  const ordered = [...names.filter((name) => !isStart(name)), ...names.filter(isStart)];
  for (const name of ordered) {
    const bytes = await readFile(path.join(directory, name));
    const to = path.join(at, name);
    const present = await readFile(to).catch(() => undefined);
    if (present?.equals(bytes) === true) continue;
    await putFile(`${to}.new`, bytes);
    await rename(`${to}.new`, to);
    await syncDirectory(path.dirname(to));
  }
};

const tooLarge = (bytes: number, room: number): SystemError =>
  new SystemError({
    code: 'boot-loader-too-large',
    message: 'the boot loader does not fit into its place on the disk',
    reason: `it has ${bytes} bytes, and two of them must fit; there is room for ${room} each`,
    hint: 'install with partitions made anew, or with a GPT',
    exit: EXIT.installLoader,
  });
