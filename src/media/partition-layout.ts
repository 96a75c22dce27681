/** Where the partitions of a disk lie: names, order and default sizes of the reference (spec 1.1). Pure. */
import { UsageError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';

/** GPT names, in the order of creation. A disk gets both `bios` and `efi`, so that either firmware starts it. */
export const PARTITIONS = ['bios', 'efi', 'oem', 'recovery', 'state', 'persistent'] as const;
export type PartitionName = (typeof PARTITIONS)[number];
export type SizedPartition = Exclude<PartitionName, 'bios'>;

/** Bytes from the start of the disk. */
export interface Extent {
  readonly offset: number;
  readonly bytes: number;
}

/** What a first boot adds to a disk that is `expandable`. */
export type AddedPartition = 'state' | 'persistent';

export interface DiskLayout {
  readonly partitions: Readonly<Record<Exclude<PartitionName, AddedPartition>, Extent>> &
    Readonly<Partial<Record<AddedPartition, Extent>>>;
  /** Of the whole disk. */
  readonly bytes: number;
}

/** `whole`: every partition. `expandable`: as far as recovery, and the disk ends there. */
export type DiskExtent = 'whole' | 'expandable';

/** MiB. `persistent` takes the rest of a disk; a disk file has no rest, so it gets as much as a first boot may need. */
export const DEFAULT_MEBIBYTES = {
  efi: 64,
  oem: 64,
  recovery: 4096,
  state: 8192,
  persistent: 1024,
} as const satisfies Record<SizedPartition, number>;

export const MIB = 1024 * 1024;

/**
 * Lays partitions out one after another from 1 MiB on. A size that cannot hold what belongs there is a `UsageError` of
 * code `partition-too-small`: state holds active, passive and the image of the next upgrade, recovery two images.
 */
export function layOut(
  given: Partial<Record<SizedPartition, number>>,
  imageBytes: number,
  extent: DiskExtent = 'whole',
): DiskLayout {
  const mebibytes = { bios: 1, ...DEFAULT_MEBIBYTES, ...given };
  const needs = needed(imageBytes);
  for (const name of PARTITIONS) {
    if (mebibytes[name] < needs[name]) throw tooSmall(name, mebibytes[name], needs[name]);
  }
  let end = MIB;
  const place = (name: PartitionName): Extent => {
    const extent = { offset: end, bytes: mebibytes[name] * MIB };
    end += extent.bytes;
    return extent;
  };
  const partitions = {
    bios: place('bios'),
    efi: place('efi'),
    oem: place('oem'),
    recovery: place('recovery'),
    ...(extent === 'expandable' ? {} : { state: place('state'), persistent: place('persistent') }),
  };
  // The second partition table.
  return { partitions, bytes: end + MIB };
}

/** The partitions of a layout, in their order. */
export function placed({
  partitions,
}: DiskLayout): readonly (Extent & { readonly name: PartitionName })[] {
  return PARTITIONS.flatMap((name) => {
    const extent = partitions[name];
    return extent === undefined ? [] : [{ name, ...extent }];
  });
}

/** MiB below which a partition cannot do its work. */
function needed(imageBytes: number): Record<PartitionName, number> {
  const image = imageBytes / MIB;
  // Inode tables, journal, and room for the event log.
  const holding = (images: number): number => Math.ceil(image * images * 1.03) + 64;
  return { bios: 1, efi: 8, oem: 16, recovery: holding(2), state: holding(3), persistent: 16 };
}

function tooSmall(name: PartitionName, has: number, needs: number): UsageError {
  const why: Partial<Record<PartitionName, string>> = {
    state: 'it holds the active and the passive image, and the next one beside them',
    recovery: 'it holds the recovery image, and the next one beside it',
  };
  return new UsageError({
    code: 'partition-too-small',
    message: `${has} MiB are too few for the ${name} partition`,
    reason: why[name] ?? 'no file system of use is that small',
    hint: `give it at least ${needs}: --size ${name}=${needs}`,
    exit: EXIT.noSpace,
  });
}
