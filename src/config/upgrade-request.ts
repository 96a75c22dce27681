/** What the commands that install images were asked to do, once configuration, environment and flags are settled. */
import type { ImageSource } from '../system/port.ts';

export interface ImageRequest {
  readonly source: ImageSource;
  /** A hook that fails stops the operation (spec 4.5); otherwise it is told and the operation goes on. */
  readonly strict: boolean;
  /** Goes on where the command would refuse: on trial, judged bad, already installed, over something unfinished. */
  readonly force: boolean;
  /** `cloud-init-paths`: hook sources after the three default ones. */
  readonly extraPaths: readonly string[];
  /** Menu title for an image whose os-release names none. */
  readonly grubEntryName?: string;
  readonly systemLabel: string;
  readonly systemFs: ImageFs;
  /** 0: as large as the content, plus a margin. */
  readonly systemSizeMiB: number;
  readonly passiveLabel: string;
  /** Automatic starts of the new image before the boot loader gives it up, 1 to 9. */
  readonly attempts: number;
  /** What the command does after the outcome was shown. */
  readonly power?: PowerAction;
}

export interface UpgradeRequest extends ImageRequest {
  /** The slot that gets the new image. */
  readonly slot: 'active' | 'recovery';
  /** Options of mksquashfs, where the image is one. */
  readonly squashOptions: readonly string[];
}

export interface ResetRequest extends ImageRequest {
  /** Partitions whose content goes. */
  readonly erase: readonly ('persistent' | 'oem')[];
}

export type ImageFs = 'ext2' | 'ext3' | 'ext4' | 'squashfs';
export type PowerAction = 'reboot' | 'poweroff';

/** Labels and file system of the installed images, from `state.yaml` where it can be read. */
export interface ImageDefaults {
  readonly systemLabel?: string;
  readonly systemFs?: string;
  readonly passiveLabel?: string;
  readonly recoveryLabel?: string;
  readonly recoveryFs?: string;
}
