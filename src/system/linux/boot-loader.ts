/** Makes the files of a boot loader. Nothing boots by them until they are installed. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  builtInMenu,
  efiStartName,
  loaderFormat,
  loaderModules,
  MKIMAGE_NAMES,
  MODULE_FOLDERS,
  MODULE_PROOF,
  stubMenu,
} from '../../boot/loader.ts';
import { EXIT } from '../../exit-codes.ts';
import { SystemError } from '../../errors.ts';
import { ConfinedFiles } from './confined-files.ts';
import { putFile } from './put-file.ts';
import { findSigned, SIGNED_MODULES } from './signed-loader.ts';
import type { Effort, NewLoader } from '../port.ts';
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
          await putFile(path.join(directory, folder, name), bytes);
        }
      }
      await putFile(path.join(directory, 'EFI/BOOT', efiStartName(arch)), signed.shim);
      for (const folder of ['EFI/BOOT', 'EFI/elemental', ...signed.menus]) {
        await putFile(path.join(directory, folder, 'grub.cfg'), Buffer.from(menu));
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
        await putFile(path.join(directory, 'core.img'), bytes);
        await putFile(
          path.join(directory, 'boot.img'),
          await readFile(path.join(from, 'boot.img')),
        );
        return {};
      }
      await putFile(path.join(directory, 'EFI/elemental/grub.efi'), bytes);
      await putFile(path.join(directory, 'EFI/BOOT', efiStartName(arch)), bytes);
      for (const folder of ['EFI/BOOT', 'EFI/elemental']) {
        await putFile(path.join(directory, folder, 'grub.cfg'), Buffer.from(menu));
      }
      return { start: 'EFI/elemental/grub.efi' };
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  });
}

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
    if (bytes !== undefined) await putFile(path.join(to, name), bytes);
  }
};

const copyModules = async (files: ConfinedFiles, to: string, format: string): Promise<void> => {
  for (const name of SIGNED_MODULES) {
    for (const folder of MODULE_FOLDERS) {
      const bytes = await files.read(path.join(folder, format, name));
      if (bytes === undefined) continue;
      await putFile(path.join(to, name), bytes);
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

const loaderMissingError = (missing: readonly string[]): SystemError =>
  new SystemError({
    code: 'boot-loader-missing',
    message: 'a boot loader cannot be made',
    reason: `missing here and in the image: ${missing.join(', ')}`,
    hint: 'install what is missing, or use an image that brings it',
    exit: EXIT.installLoader,
  });
