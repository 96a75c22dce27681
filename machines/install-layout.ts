/** Where the partitions of a disk will lie (spec 1.1): order, sizes, and everything that is refused about them before a byte is written. Pure. */
import { SystemError, UsageError } from '../src/errors.ts';
import { EXIT } from '../src/exit-codes.ts';
import { FILE_SYSTEMS, refuseNames } from './install-names.ts';
import type { InstallRequest } from './install-request.ts';

/** A partition as it was asked for; 0 MiB takes what is left. */
export interface WantedPartition {
  readonly name: string;
  readonly label?: string;
  readonly mebibytes: number;
  readonly fs?: string;
}

export interface WantedLayout {
  readonly disk: string;
  readonly bytes: number;
  readonly firmware: 'bios' | 'efi';
  readonly kind: 'gpt' | 'msdos';
  readonly partitions: Readonly<
    Record<'oem' | 'recovery' | 'state' | 'persistent', WantedPartition>
  >;
  readonly extra: readonly WantedPartition[];
  /** Labels of the file systems inside the images: no partition may have one of them. */
  readonly imageLabels: readonly string[];
  /** MiB below which a partition cannot hold what is installed. */
  readonly needs: Readonly<Record<'recovery' | 'state', number>>;
}

type Table = NonNullable<InstallRequest['table']>;

export function layOutDisk(wanted: WantedLayout): Table {
  const { firmware, kind, partitions, extra, needs } = wanted;
  if (firmware === 'efi' && kind === 'msdos') throw efiOnMsdos();
  const { oem, recovery, state, persistent } = partitions;
  const all = [...first(firmware, kind), oem, recovery, state, persistent, ...extra];
  refuseNames(wanted, all);
  const rest = all.filter(({ mebibytes }) => mebibytes === 0);
  if (rest.length > 1) throw twoRests(rest);
  if (kind === 'msdos' && all.length > 4) throw tooMany(all);
  const ordered = [...all.filter(({ mebibytes }) => mebibytes > 0), ...rest];
  // The second table of a GPT, and the end of a disk that is not a whole number of MiB.
  const usable = Math.floor(wanted.bytes / MIB) - (kind === 'gpt' ? 1 : 0);
  let end = 1;
  const table = ordered.map(({ name, label, mebibytes, fs }): Table['partitions'][number] => {
    const least = leastOf({ name, ...(fs === undefined ? {} : { fs }) }, needs);
    if (mebibytes > 0 && mebibytes < least) throw tooSmall({ name, mebibytes, least, fs });
    const size = mebibytes === 0 ? Math.max(usable - end, least) : mebibytes;
    const startMiB = end;
    end += size;
    return {
      name,
      startMiB,
      mebibytes: size,
      type: name === 'bios' || name === 'efi' ? name : 'linux',
      boots: kind === 'msdos' && name === 'state',
      ...(fs === undefined ? {} : { fs }),
      ...(label === undefined ? {} : { label }),
    };
  });
  if (end > usable) throw diskTooSmall(wanted, end - usable, table);
  return { kind, partitions: table };
}

const MIB = 2 ** 20;

function first(firmware: 'bios' | 'efi', kind: 'gpt' | 'msdos'): readonly WantedPartition[] {
  if (kind === 'msdos') return [];
  return firmware === 'bios'
    ? [{ name: 'bios', mebibytes: 1 }]
    : [{ name: 'efi', mebibytes: 64, fs: 'vfat', label: 'COS_GRUB' }];
}

function leastOf(
  { name, fs }: Pick<WantedPartition, 'name' | 'fs'>,
  needs: WantedLayout['needs'],
): number {
  const ofFs = fs === undefined ? 1 : (FILE_SYSTEMS[fs]?.leastMiB ?? 1);
  return name === 'state' || name === 'recovery' ? Math.max(needs[name], ofFs) : ofFs;
}

function efiOnMsdos(): UsageError {
  return new UsageError({
    code: 'efi-needs-gpt',
    message: 'EFI and an msdos partition table do not go together here',
    reason: 'there would be no EFI partition, and nothing would start',
    hint: 'leave --part-table out, or choose --firmware bios',
    exit: EXIT.readCommandConfig,
  });
}

function twoRests(rest: readonly WantedPartition[]): UsageError {
  return new UsageError({
    code: 'two-rests',
    message: `${rest.map(({ name }) => name).join(' and ')} both ask for the rest of the disk`,
    reason: 'size 0 stands for all that is left, which only one partition can have',
    hint: 'give all but one of them a size: install.partitions.persistent.size, for instance',
    exit: EXIT.readCommandConfig,
  });
}

function tooMany(all: readonly WantedPartition[]): UsageError {
  return new UsageError({
    code: 'too-many-partitions',
    message: `an msdos table holds four partitions, and ${all.length} are asked for`,
    reason: all.map(({ name }) => name).join(', '),
    hint: 'leave --part-table out, or install.extra-partitions',
    exit: EXIT.readCommandConfig,
  });
}

function tooSmall(partition: {
  readonly name: string;
  readonly mebibytes: number;
  readonly least: number;
  readonly fs: string | undefined;
}): UsageError {
  const { name, mebibytes, least, fs } = partition;
  return new UsageError({
    code: 'partition-too-small',
    message: `${mebibytes} MiB are too few for the partition ${name}`,
    reason: REASONS[name] ?? `no ${fs ?? 'file system'} of use is that small`,
    hint: `give it at least ${least}, in install.partitions or install.extra-partitions`,
    exit: EXIT.noSpace,
  });
}

const REASONS: Readonly<Record<string, string | undefined>> = {
  state: 'it holds the active and the passive image, and the next one beside them',
  recovery: 'it holds the recovery image, and the next one beside it',
};

function diskTooSmall(
  { disk, bytes }: WantedLayout,
  missing: number,
  table: Table['partitions'],
): SystemError {
  return new SystemError({
    code: 'disk-too-small',
    message: `${disk} has ${Math.floor(bytes / MIB)} MiB: ${missing} too few`,
    reason: `wanted are ${table.map(({ name, mebibytes }) => `${name} ${mebibytes}`).join(', ')} MiB`,
    hint: 'use a larger disk, or make them smaller: install.partitions.state.size and so on',
    exit: EXIT.noSpace,
  });
}
