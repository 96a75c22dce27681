/** Makes boot loader files and puts them where firmware finds them; the last write of each makes the disk start with them. */
import {
  open,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { syncDirectory } from '../../../state/durable-file.ts';
import {
  BOOT_CODE_BYTES,
  builtInMenu,
  CORE_PLACE,
  efiStartName,
  loaderFormat,
  loaderModules,
  MKIMAGE_NAMES,
  MODULE_FOLDERS,
  MODULE_PROOF,
  placeCore,
  SECTOR,
  stubMenu,
} from '../../boot/loader.ts';
import { EXIT } from '../../exit-codes.ts';
import { SystemError } from '../../errors.ts';
import { ConfinedFiles } from './confined-files.ts';
import { kernelPartitions } from './disk-facts.ts';
import { doing } from './file-error.ts';
import { findSigned, SIGNED_MODULES } from './signed-loader.ts';
import type { Effort, LoaderPlace, NewLoader } from '../port.ts';
import type { Exec } from './exec.ts';

/** One clause for each thing that neither this system nor the tree has. */
export async function loaderMissing(
  exec: Exec,
  { firmware, arch, tree }: Pick<NewLoader, 'firmware' | 'arch' | 'tree'>,
): Promise<readonly string[]> {
  const format = loaderFormat(firmware, arch);
  if (format === undefined) return [`GRUB for ${firmware} on ${arch}`];
  return withTree(tree, async (files) => {
    if (firmware === 'efi' && (await findSigned(files, arch)) !== undefined) return [];
    const missing: string[] = [];
    if ((await findMkimage(exec)) === undefined) {
      missing.push('the program grub-mkimage (package grub-common, or grub2)');
    }
    if ((await findModules(files, firmware, format)) === undefined) {
      missing.push(`GRUB for ${format} (package ${PACKAGES[format] ?? format})`);
    }
    return missing;
  });
}

const PACKAGES: Readonly<Record<string, string | undefined>> = {
  'i386-pc': 'grub-pc-bin, or grub2-i386-pc',
  'x86_64-efi': 'grub-efi-amd64-bin, or grub2-x86_64-efi',
  'arm64-efi': 'grub-efi-arm64-bin, or grub2-arm64-efi',
};

/**
 * BIOS: `core.img` and `boot.img`. EFI: the files of the EFI partition, under the paths they have there. A shim that the new system
 * brings comes with the GRUB that it trusts, and with the modules which that lacks.
 */
export async function prepareLoader(
  exec: Exec,
  loader: NewLoader,
  directory: string,
  { signal }: Effort,
): Promise<{ readonly start?: string }> {
  const { firmware, arch, tree, menuOn, modulesAt } = loader;
  const format = loaderFormat(firmware, arch) ?? '';
  const missing = await loaderMissing(exec, loader);
  if (missing.length > 0) throw loaderMissingError(missing);
  const menu = stubMenu(menuOn);
  return withTree(tree, async (files) => {
    const signed = firmware === 'efi' ? await findSigned(files, arch) : undefined;
    if (signed !== undefined) {
      for (const [name, bytes] of signed.files) {
        for (const folder of ['EFI/BOOT', 'EFI/elemental']) {
          await put(path.join(directory, folder, name), bytes);
        }
      }
      await put(path.join(directory, 'EFI/BOOT', efiStartName(arch)), signed.shim);
      for (const folder of ['EFI/BOOT', 'EFI/elemental', ...signed.menus]) {
        await put(path.join(directory, folder, 'grub.cfg'), Buffer.from(menu));
      }
      await copyModules(files, path.join(modulesAt, format), format);
      return { start: `EFI/elemental/${signed.shimName}` };
    }
    const modules = await findModules(files, firmware, format);
    const scratch = await mkdtemp(path.join(tmpdir(), 'slotwright-loader-'));
    try {
      const from = modules?.from === 'here' ? modules.folder : path.join(scratch, 'modules');
      if (modules?.from === 'tree') await copyFolder(files, modules.folder, from);
      await writeFile(path.join(scratch, 'menu.cfg'), builtInMenu(firmware, menu));
      const made = path.join(scratch, 'loader');
      const tool = (await findMkimage(exec)) ?? MKIMAGE_NAMES[0];
      const flags = ['--format', format, '--directory', from, '--prefix', '/grub2'];
      const rest = ['--config', path.join(scratch, 'menu.cfg'), '--output', made];
      await exec.change(tool, [...flags, ...rest, ...loaderModules(firmware)], { signal });
      const bytes = await readFile(made);
      if (firmware === 'bios') {
        await put(path.join(directory, 'core.img'), bytes);
        await put(path.join(directory, 'boot.img'), await readFile(path.join(from, 'boot.img')));
        return {};
      }
      await put(path.join(directory, 'EFI/elemental/grub.efi'), bytes);
      await put(path.join(directory, 'EFI/BOOT', efiStartName(arch)), bytes);
      for (const folder of ['EFI/BOOT', 'EFI/elemental']) {
        await put(path.join(directory, folder, 'grub.cfg'), Buffer.from(menu));
      }
      return { start: 'EFI/elemental/grub.efi' };
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  });
}

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
    await put(`${to}.new`, bytes);
    await rename(`${to}.new`, to);
    await syncDirectory(path.dirname(to));
  }
};

type Modules = { readonly from: 'here' | 'tree'; readonly folder: string };

/** Those of this system first: its program is made for them. */
const findModules = async (
  files: ConfinedFiles,
  firmware: NewLoader['firmware'],
  format: string,
): Promise<Modules | undefined> => {
  for (const folder of MODULE_FOLDERS) {
    const proof = path.join(folder, format, MODULE_PROOF[firmware]);
    if ((await stat(proof).catch(() => undefined))?.isFile() === true) {
      return { from: 'here', folder: path.join(folder, format) };
    }
  }
  for (const folder of MODULE_FOLDERS) {
    const proof = path.join(folder, format, MODULE_PROOF[firmware]);
    if ((await files.stat(proof, 'follow'))?.kind === 'file') {
      return { from: 'tree', folder: path.join(folder, format) };
    }
  }
  return undefined;
};

const findMkimage = async (exec: Exec): Promise<string | undefined> => {
  for (const name of MKIMAGE_NAMES) {
    const found = await exec.read(name, ['--version']).catch(() => undefined);
    if (found !== undefined) return name;
  }
  return undefined;
};

const copyFolder = async (files: ConfinedFiles, from: string, to: string): Promise<void> => {
  for (const name of await files.list(from)) {
    const bytes = await files.read(path.join(from, name)).catch(() => undefined);
    if (bytes !== undefined) await put(path.join(to, name), bytes);
  }
};

const copyModules = async (files: ConfinedFiles, to: string, format: string): Promise<void> => {
  for (const name of SIGNED_MODULES) {
    for (const folder of MODULE_FOLDERS) {
      const bytes = await files.read(path.join(folder, format, name));
      if (bytes === undefined) continue;
      await put(path.join(to, name), bytes);
      break;
    }
  }
};

const withTree = async <T>(tree: string, act: (files: ConfinedFiles) => Promise<T>): Promise<T> => {
  const files = await ConfinedFiles.open(tree);
  try {
    return await act(files);
  } finally {
    await files.close();
  }
};

const put = async (file: string, bytes: Uint8Array): Promise<void> => {
  await mkdir(path.dirname(file), { recursive: true });
  const handle = await open(file, 'w', 0o644);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const loaderMissingError = (missing: readonly string[]): SystemError =>
  new SystemError({
    code: 'boot-loader-missing',
    message: 'a boot loader cannot be made',
    reason: `missing here and in the image: ${missing.join(', ')}`,
    hint: 'install what is missing, or use an image that brings it',
    exit: EXIT.installLoader,
  });

const tooLarge = (bytes: number, room: number): SystemError =>
  new SystemError({
    code: 'boot-loader-too-large',
    message: 'the boot loader does not fit into its place on the disk',
    reason: `it has ${bytes} bytes, and two of them must fit; there is room for ${room} each`,
    hint: 'install with partitions made anew, or with a GPT',
    exit: EXIT.installLoader,
  });
