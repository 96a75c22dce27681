/** GRUB without `grub-install`: both images are made by `grub-mkimage` and put where firmware looks for them. */
import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BOOT_CODE_BYTES,
  builtInMenu,
  loaderModules,
  MKIMAGE_NAMES,
  MODULE_FOLDERS,
  MODULE_PROOF,
  placeCore,
  SECTOR,
  type Firmware,
} from '../boot/loader.ts';
import { SystemError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { findProgram, missingPrograms, runProgram } from './host-program.ts';
import type { Extent } from './partition-layout.ts';

export interface BootLoaderSource {
  readonly mkimage: string;
  /** Folder of modules, by firmware. */
  readonly modules: Readonly<Record<Firmware, string>>;
}

/** Finds GRUB on the machine that builds; what is missing is named with its package. */
export async function findBootLoader(): Promise<BootLoaderSource> {
  const mkimage = await findProgram(MKIMAGE_NAMES);
  if (mkimage === undefined) throw missingPrograms(['grub-mkimage']);
  return { mkimage, modules: { bios: await findModules('bios'), efi: await findModules('efi') } };
}

/** Makes the image of one firmware: modules, and the stub menu that finds the real one. */
export async function makeBootLoader(
  source: BootLoaderSource,
  image: {
    readonly firmware: Firmware;
    readonly menu: string;
    readonly path: string;
    /** A disc is started by other means, and has another file system. */
    readonly on?: 'disk' | 'disc';
  },
  signal: AbortSignal,
): Promise<void> {
  const { firmware, menu, path, on = 'disk' } = image;
  const early = `${path}.cfg`;
  await writeFile(early, builtInMenu(firmware, menu));
  const modules = source.modules[firmware];
  const disc = on === 'disc';
  const format = `${TARGETS[firmware].format}${disc && firmware === 'bios' ? '-eltorito' : ''}`;
  const flags = ['--format', format, '--directory', modules];
  await runProgram(
    source.mkimage,
    [
      ...flags,
      '--prefix',
      disc ? '/boot/grub2' : '/grub2',
      '--config',
      early,
      '--output',
      path,
      ...loaderModules(firmware),
      ...(disc ? ['iso9660'] : []),
    ],
    { signal },
  );
}

/** Writes the BIOS image into its partition and the first sector that starts it; the partition table stays as it is. */
export async function installForBios(
  disk: string,
  source: BootLoaderSource,
  core: { readonly path: string; readonly extent: Extent },
): Promise<void> {
  const { extent } = core;
  const body = await readFile(core.path);
  if (body.length > extent.bytes) {
    throw new SystemError({
      code: 'boot-loader-too-large',
      message: 'the boot loader does not fit into its partition',
      reason: `it has ${body.length} bytes, the bios partition ${extent.bytes}`,
      exit: EXIT.unsupported,
    });
  }
  const start = await readFile(join(source.modules.bios, 'boot.img'));
  placeCore(start, body, extent.offset / SECTOR);
  const file = await open(disk, 'r+');
  try {
    await file.write(body, 0, body.length, extent.offset);
    await file.write(start, 0, BOOT_CODE_BYTES, 0);
  } finally {
    await file.close();
  }
}

const TARGETS = {
  bios: { format: 'i386-pc', proof: MODULE_PROOF.bios, packaged: 'grub-pc-bin' },
  efi: { format: 'x86_64-efi', proof: MODULE_PROOF.efi, packaged: 'grub-efi-amd64-bin' },
} as const satisfies Record<Firmware, unknown>;

async function findModules(firmware: Firmware): Promise<string> {
  const { format, proof, packaged } = TARGETS[firmware];
  for (const folder of MODULE_FOLDERS) {
    const found = await stat(join(folder, format, proof)).catch(() => undefined);
    if (found !== undefined) return join(folder, format);
  }
  throw new SystemError({
    code: 'media-program-missing',
    message: 'a disk cannot be built on this machine',
    reason: `GRUB for ${format} is not installed`,
    hint: `apt-get install ${packaged} (Debian name)`,
    exit: EXIT.unsupported,
  });
}
