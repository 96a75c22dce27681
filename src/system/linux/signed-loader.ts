import path from 'node:path';
import type { ConfinedFiles } from './confined-files.ts';

/** A shim, the GRUB that it trusts and its key manager, as a distribution brings them for Secure Boot. */
export interface SignedLoader {
  readonly shimName: string;
  readonly shim: Uint8Array;
  /** All of them, by the name they must have beside each other. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Folders besides the usual ones in which that GRUB looks for its menu. */
  readonly menus: readonly string[];
}

/** Modules that a signed GRUB may not have built in and the menu needs (spec 1.6). */
export const SIGNED_MODULES = ['loopback.mod', 'squash4.mod', 'xzio.mod'];

/** Both or none: a shim without its GRUB starts nothing. */
export async function findSigned(
  files: ConfinedFiles,
  arch: string,
): Promise<SignedLoader | undefined> {
  const id = await distribution(files);
  const short = arch === 'aarch64' ? 'aa64' : 'x64';
  const suse = { shim: 'shim.efi', manager: 'MokManager.efi', grub: 'grub.efi' };
  const others = { shim: `shim${short}.efi`, manager: `mm${short}.efi`, grub: `grub${short}.efi` };
  for (const names of [suse, others]) {
    const shim = await firstOf(files, SHIM_FOLDERS(arch, id), [`${names.shim}.signed`, names.shim]);
    const grub = await firstOf(files, GRUB_FOLDERS(arch, id), [`${names.grub}.signed`, names.grub]);
    if (shim === undefined || grub === undefined) continue;
    const manager = await firstOf(files, SHIM_FOLDERS(arch, id), [
      names.manager,
      `${names.manager}.signed`,
    ]);
    const all: [string, Uint8Array][] = [
      [names.shim, shim],
      [names.grub, grub],
    ];
    if (manager !== undefined) all.push([names.manager, manager]);
    return {
      shimName: names.shim,
      shim,
      files: new Map(all),
      // Their prefix is built in and signed.
      menus: /^[a-z]+$/.test(id) ? [`EFI/${id}`] : [],
    };
  }
  return undefined;
}

const SHIM_FOLDERS = (arch: string, id: string): readonly string[] => [
  `/usr/share/efi/${arch}`,
  '/usr/lib/shim',
  `/boot/efi/EFI/${id}`,
];

const GRUB_FOLDERS = (arch: string, id: string): readonly string[] => [
  `/usr/share/efi/${arch}`,
  `/usr/share/grub2/${arch === 'aarch64' ? 'arm64' : arch}-efi`,
  `/usr/lib/grub/${arch === 'aarch64' ? 'arm64' : arch}-efi-signed`,
  `/boot/efi/EFI/${id}`,
];

const firstOf = async (
  files: ConfinedFiles,
  folders: readonly string[],
  names: readonly string[],
): Promise<Uint8Array | undefined> => {
  for (const folder of folders) {
    for (const name of names) {
      const file = path.join(folder, name);
      if ((await files.stat(file, 'follow'))?.kind !== 'file') continue;
      const bytes = await files.read(file);
      if (bytes !== undefined) return bytes;
    }
  }
  return undefined;
};

const distribution = async (files: ConfinedFiles): Promise<string> => {
  for (const file of ['/etc/os-release', '/usr/lib/os-release']) {
    const text = Buffer.from((await files.read(file)) ?? '').toString('utf8');
    const found = /^ID=["']?([A-Za-z0-9._-]+)["']?\s*$/m.exec(text)?.[1];
    if (found !== undefined) return found;
  }
  return '';
};
