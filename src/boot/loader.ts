/** What our GRUB is made of, on whatever machine it is made: formats, modules, and the few lines that find the menu. */

/** Firmware that a disk can be started by. */
export type Firmware = 'bios' | 'efi';

/** Format of `grub-mkimage`, which is the name of the folder of modules, too. Undefined where there is none. */
export function loaderFormat(firmware: Firmware, arch: string): string | undefined {
  const formats: Readonly<Record<Firmware, Readonly<Record<string, string | undefined>>>> = {
    bios: { x86_64: 'i386-pc' },
    efi: { x86_64: 'x86_64-efi', aarch64: 'arm64-efi' },
  };
  return formats[firmware][arch];
}

/** Folders in which distributions keep the modules, each in one below it that is called by its format. */
export const MODULE_FOLDERS = [
  '/usr/lib/grub',
  '/usr/lib/grub2',
  '/usr/share/grub2',
  '/usr/share/grub',
] as const;

/** A file that is there when the modules are. */
export const MODULE_PROOF: Readonly<Record<Firmware, string>> = {
  bios: 'boot.img',
  efi: 'normal.mod',
};

export const MKIMAGE_NAMES = ['grub-mkimage', 'grub2-mkimage'] as const;

/** Modules that are built in. */
export function loaderModules(firmware: Firmware): readonly string[] {
  return (firmware === 'bios' ? `biosdisk ${COMMON_MODULES}` : COMMON_MODULES).split(' ');
}

/** The name that firmware starts by itself. */
export function efiStartName(arch: string): string {
  return arch === 'aarch64' ? 'BOOTAA64.EFI' : 'BOOTX64.EFI';
}

/**
 * The menu of the first partition of these labels that has one. Plain commands: what is built in is read before GRUB knows `if`, and one
 * that fails is passed over.
 */
export function stubMenu(labels: readonly string[]): string {
  return labels
    .map(
      (label) => `search --no-floppy --label --set=root ${label}
set prefix=($root)/grub2
configfile ($root)/grub2/grub.cfg
`,
    )
    .join('');
}

/** What is built in: a BIOS shows its menu on the first serial line, too; EFI firmware does that by itself. */
export function builtInMenu(firmware: Firmware, menu: string): string {
  return firmware === 'bios' ? `${SERIAL}${menu}` : menu;
}

/** What lies before the disk signature and the protective partition entry. */
export const BOOT_CODE_BYTES = 440;

/**
 * Boot code of a disk that has no system for a BIOS yet. A BIOS takes any disk with a table for one that starts, and would hang in
 * zeroes; this says what is the matter, and leaves it to the next device (interrupt 18h).
 */
export const HAND_ON = Buffer.concat([
  Buffer.from('31db8edbfcbe177cac84c07406b40ecd10ebf5cd18ebfe', 'hex'),
  Buffer.from('Nothing on this disk can be started by a BIOS.\r\n\0', 'latin1'),
]);

export const SECTOR = 512;

/** Sets in both parts where the rest of the core lies: `at` is the first sector of the core, from the start of the disk. */
export function placeCore(boot: Buffer, core: Buffer, at: number): void {
  const sector = BigInt(at);
  // Where the rest of the core lies, as its first sector wants to know it.
  core.writeBigUInt64LE(sector + 1n, 0x1f4);
  boot.writeBigUInt64LE(sector, CORE_PLACE);
  // Two no-ops: the drive number is the firmware's.
  boot.writeUInt16LE(0x9090, 0x66);
}

/** Where the first sector of a disk keeps the place of the core. */
export const CORE_PLACE = 0x5c;

const SERIAL = `serial --unit=0 --speed=115200
terminal_input --append serial
terminal_output --append serial
`;

const COMMON_MODULES =
  'part_gpt part_msdos ext2 xfs fat search search_label search_fs_uuid search_fs_file normal configfile linux loopback squash4 ' +
  'test true echo serial terminal loadenv reboot halt sleep regexp ls cat gzio all_video gfxterm minicmd';
