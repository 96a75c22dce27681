/** GRUB without `grub-install`: both images are made by `grub-mkimage` and put where firmware looks for them. */
import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SystemError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { findProgram, missingPrograms, runProgram } from './host-program.ts';
import { SECTOR } from './partition-table.ts';
import type { Extent } from './partition-layout.ts';

/** Firmware that a disk can be started by. */
export type Firmware = 'bios' | 'efi';

export interface BootLoaderSource {
  readonly mkimage: string;
  /** Folder of modules, by firmware. */
  readonly modules: Readonly<Record<Firmware, string>>;
}

/** Finds GRUB on the machine that builds; what is missing is named with its package. */
export async function findBootLoader(): Promise<BootLoaderSource> {
  const mkimage = await findProgram(['grub-mkimage', 'grub2-mkimage']);
  if (mkimage === undefined) throw missingPrograms(['grub-mkimage']);
  return { mkimage, modules: { bios: await findModules('bios'), efi: await findModules('efi') } };
}

/** Makes the image of one firmware: modules, and the stub menu that finds the real one. */
export async function makeBootLoader(
  source: BootLoaderSource,
  image: { readonly firmware: Firmware; readonly menu: string; readonly path: string },
  signal: AbortSignal,
): Promise<void> {
  const { firmware, menu, path } = image;
  const early = `${path}.cfg`;
  await writeFile(early, firmware === 'bios' ? `${SERIAL}${menu}` : menu);
  const modules = source.modules[firmware];
  const flags = ['--format', TARGETS[firmware].format, '--directory', modules];
  await runProgram(
    source.mkimage,
    [...flags, '--prefix', '/grub2', '--config', early, '--output', path, ...modulesOf(firmware)],
    { signal },
  );
}

/** The menu that finds COS_STATE and reads the one there. */
export function stubMenu(stateLabel: string): string {
  return `search --no-floppy --label --set=root ${stateLabel}
set prefix=($root)/grub2
configfile ($root)/grub2/grub.cfg
`;
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
  const sector = BigInt(extent.offset / SECTOR);
  // Where the rest of the image lies, as its first sector wants to know it.
  body.writeBigUInt64LE(sector + 1n, 0x1f4);
  start.writeBigUInt64LE(sector, 0x5c);
  // Two no-ops: the drive number is the firmware's.
  start.writeUInt16LE(0x9090, 0x66);
  const file = await open(disk, 'r+');
  try {
    await file.write(body, 0, body.length, extent.offset);
    await file.write(start, 0, BOOT_CODE_BYTES, 0);
  } finally {
    await file.close();
  }
}

/** What lies before the disk signature and the protective partition entry. */
const BOOT_CODE_BYTES = 440;

const TARGETS = {
  bios: { format: 'i386-pc', proof: 'boot.img', packaged: 'grub-pc-bin' },
  efi: { format: 'x86_64-efi', proof: 'normal.mod', packaged: 'grub-efi-amd64-bin' },
} as const satisfies Record<Firmware, unknown>;

/**
 * A machine without a screen shows its menu on the first serial line; EFI firmware does that by itself. Plain commands: what is built in
 * is read before GRUB knows `if`, and one that fails is passed over.
 */
const SERIAL = `serial --unit=0 --speed=115200
terminal_input --append serial
terminal_output --append serial
`;

const COMMON_MODULES =
  'part_gpt part_msdos ext2 xfs fat search search_label search_fs_uuid search_fs_file normal configfile linux loopback squash4 ' +
  'test true echo serial terminal loadenv reboot halt sleep regexp ls cat gzio all_video gfxterm minicmd';

const modulesOf = (firmware: Firmware): readonly string[] =>
  (firmware === 'bios' ? `biosdisk ${COMMON_MODULES}` : COMMON_MODULES).split(' ');

async function findModules(firmware: Firmware): Promise<string> {
  const { format, proof, packaged } = TARGETS[firmware];
  for (const folder of ['/usr/lib/grub', '/usr/lib/grub2', '/usr/share/grub2', '/usr/share/grub']) {
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
