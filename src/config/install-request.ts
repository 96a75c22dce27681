/** What an installation was asked to do, once configuration, environment and flags are settled. */
import type { ImageSource } from '../system/port.ts';
import type { ImageFs, ImageRequest } from './upgrade-request.ts';

export interface PartitionRequest {
  readonly name: string;
  readonly label?: string;
  /** 0: what is left of the disk. */
  readonly mebibytes: number;
  readonly fs: string;
}

export interface InstallRequest extends ImageRequest {
  readonly target: string;
  /** Absent: as this machine starts. */
  readonly firmware?: 'bios' | 'efi';
  readonly table: 'gpt' | 'msdos';
  readonly partitions: Readonly<
    Record<'oem' | 'recovery' | 'state' | 'persistent', PartitionRequest>
  >;
  readonly extra: readonly PartitionRequest[];
  /** The disk is divided and formatted; else its partitions stay. */
  readonly format: boolean;
  readonly recovery: {
    readonly label: string;
    readonly fs: ImageFs;
    readonly sizeMiB: number;
    /** Absent: a copy of the system. */
    readonly source?: ImageSource;
  };
  readonly squashOptions: readonly string[];
  /** Paths and addresses of files for COS_OEM. */
  readonly cloudInit: readonly string[];
  /** Path or address of a medium that holds the source. */
  readonly iso?: string;
  readonly bootEntry: boolean;
  readonly ejectMedium: boolean;
}
