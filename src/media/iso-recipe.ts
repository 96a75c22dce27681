/** What an installation medium is made of. */

export interface IsoRecipe {
  /** Root trees, each laid over the one before. */
  readonly rootfs: readonly string[];
  /** Directories laid over the root file system, the EFI partition and the medium. */
  readonly overlays: Readonly<Record<'uefi' | 'iso', readonly string[]>>;
  /** The ISO to make; one of this name is replaced when the new one is whole. */
  readonly output: string;
  /** Volume label, by which the live system finds its medium. */
  readonly label: string;
  readonly menuTitle: string;
  /** `tree`: shim and GRUB of the root file system. `ours`: a GRUB that is built here. */
  readonly efiLoader: 'tree' | 'ours';
  /** Options of mksquashfs. */
  readonly squashOptions: readonly string[];
}

export interface BuiltIso {
  readonly output: string;
  readonly bytes: number;
  /** Of the ISO; it is in the file beside it, too. */
  readonly sha256: string;
}

/** The menu of the medium: the live system as the reference starts it (spec 3.8). */
export function liveMenu({ label, menuTitle }: Pick<IsoRecipe, 'label' | 'menuTitle'>): string {
  const words = [
    `cdroot root=live:CDLABEL=${label} rd.live.dir=/ rd.live.squashimg=rootfs.squashfs`,
    'console=tty1 console=ttyS0 rd.cos.disable cos.setup=/run/initramfs/live/iso-config',
  ];
  return `search --no-floppy --file --set=root /boot/kernel
set default=0
set timeout=10
set timeout_style=menu
if insmod all_video; then true; fi
if insmod gfxterm; then true; fi

menuentry ${quoted(menuTitle)} --class os {
  echo "Loading the live system"
  linux /boot/kernel ${words.join(' ')}
  initrd /boot/initrd
}
`;
}

/** What is built into the loaders: finds the medium by its kernel. */
export const MEDIUM_STUB = `search --no-floppy --file --set=root /boot/kernel
set prefix=($root)/boot/grub2
configfile ($root)/boot/grub2/grub.cfg
`;

/** As GRUB quotes: nothing in it is expanded. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
