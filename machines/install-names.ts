/** What partitions may be called and made of. By names and labels they are found later, by GRUB, by the kernel and by us. Pure. */
import { UsageError } from '../src/errors.ts';
import { EXIT } from '../src/exit-codes.ts';
import type { WantedLayout, WantedPartition } from './install-layout.ts';

interface MadeFileSystem {
  /** Bytes that it keeps of a label. */
  readonly labelBytes: number;
  /** MiB below which its program makes none, or none of use. */
  readonly leastMiB: number;
}

/** File systems that partitions can be given. */
export const FILE_SYSTEMS: Readonly<Record<string, MadeFileSystem | undefined>> = {
  ext2: { labelBytes: 16, leastMiB: 16 },
  ext3: { labelBytes: 16, leastMiB: 16 },
  ext4: { labelBytes: 16, leastMiB: 16 },
  xfs: { labelBytes: 12, leastMiB: 300 },
  vfat: { labelBytes: 11, leastMiB: 16 },
  fat: { labelBytes: 11, leastMiB: 16 },
};

/** `all` are the partitions of the layout, with those for the firmware. */
export function refuseNames(
  { kind, extra, imageLabels }: Pick<WantedLayout, 'kind' | 'extra' | 'imageLabels'>,
  all: readonly WantedPartition[],
): void {
  for (const partition of all) {
    refuseName(partition);
    refuseFileSystem(partition);
    refuseLabel(partition);
    if (kind === 'msdos') refuseUnnamed(partition);
  }
  refuseTwice(all);
  for (const { name, label } of extra) {
    if (ROLES[name] !== undefined) throw taken('name', name);
    if (label !== undefined && Object.values(ROLES).includes(label)) throw taken('label', label);
  }
  refuseImageLabels(all, imageLabels);
}

/** GPT names of our partitions, and the labels by which they are found as well. */
const ROLES: Readonly<Record<string, string | undefined>> = {
  bios: '',
  efi: 'COS_GRUB',
  oem: 'COS_OEM',
  recovery: 'COS_RECOVERY',
  state: 'COS_STATE',
  persistent: 'COS_PERSISTENT',
};

/** It becomes a word of what sfdisk reads, and the name by which partitions of ours are found. */
function refuseName({ name }: WantedPartition): void {
  if (/^[A-Za-z0-9_.-]{1,36}$/.test(name)) return;
  throw refusal({
    code: 'name-impossible',
    message: `${JSON.stringify(name)} cannot be the name of a partition`,
    reason: 'it is up to 36 letters, digits, dots, hyphens and underscores',
    hint: 'change it in install.extra-partitions',
  });
}

function refuseFileSystem({ name, fs }: WantedPartition): void {
  const known = fs === undefined || FILE_SYSTEMS[fs] !== undefined;
  const kept = name === 'state' || name === 'recovery' || name === 'oem';
  if (known && !(kept && (fs === 'vfat' || fs === 'fat'))) return;
  throw refusal({
    code: 'file-system-unknown',
    message: `the partition ${name} cannot have the file system ${fs}`,
    reason: known
      ? 'FAT has neither modes nor second names of files, which are needed there'
      : `what can be made is ${Object.keys(FILE_SYSTEMS).join(', ')}`,
    hint: 'leave it out for ext4',
  });
}

/** It becomes a word of the boot menu and of the kernel's command line. */
function refuseLabel({ name, label, fs = 'ext4' }: WantedPartition): void {
  if (label === undefined) return;
  const most = FILE_SYSTEMS[fs]?.labelBytes ?? 16;
  if (isWord(label) && label.length <= most) return;
  throw refusal({
    code: 'label-impossible',
    message: `${JSON.stringify(label)} cannot be the label of the partition ${name}`,
    reason: `${fs} keeps ${most} bytes, and the boot menu needs one plain word`,
    hint: 'use letters, digits and underscores',
  });
}

/** An msdos table keeps no names: without its usual label a partition of ours would never be found again. */
function refuseUnnamed({ name, label }: WantedPartition): void {
  const usual = ROLES[name];
  if (usual === undefined || label === usual) return;
  throw refusal({
    code: 'label-unknown',
    message: `on an msdos table the partition ${name} cannot have the label ${label ?? '""'}`,
    reason: `such a table keeps no names, so that it is found by the label ${usual} alone`,
    hint: 'leave --part-table out, or the label',
  });
}

function refuseTwice(all: readonly WantedPartition[]): void {
  for (const key of ['name', 'label'] as const) {
    const seen = new Set<string>();
    for (const { [key]: value } of all) {
      if (value === undefined) continue;
      if (!seen.has(value)) {
        seen.add(value);
        continue;
      }
      throw refusal({
        code: 'partition-twice',
        message: `two partitions have the ${key} ${value}`,
        reason: 'they would be taken for each other',
        hint: 'change install.partitions or install.extra-partitions',
      });
    }
  }
}

function taken(key: 'name' | 'label', value: string): UsageError {
  return refusal({
    code: 'name-taken',
    message: `a further partition cannot have the ${key} ${value}`,
    reason: 'by it a partition of the system is found',
    hint: 'choose another one in install.extra-partitions',
  });
}

/** Kernels of both generations look for images by their labels, too: each must lead to one thing. */
export function refuseImageLabels(
  partitions: readonly Pick<WantedPartition, 'label'>[],
  images: readonly string[],
): void {
  const seen = new Set(partitions.map(({ label }) => label));
  for (const label of images) {
    if (!isWord(label) || label.length > 16) {
      throw refusal({
        code: 'label-impossible',
        message: `${JSON.stringify(label)} cannot be the label of an image`,
        reason: 'ext keeps 16 bytes, and the boot menu needs one plain word',
        hint: 'use up to 16 letters, digits and underscores',
      });
    }
    if (seen.has(label)) {
      throw refusal({
        code: 'label-twice',
        message: `the label ${label} is that of an image, and of something else as well`,
        reason: 'the boot loader and the kernel would take one for the other',
        hint: 'change the label of install.system, install.passive, install.recovery-system or the partition',
      });
    }
    seen.add(label);
  }
}

const isWord = (text: string): boolean => /^[A-Za-z0-9_.-]+$/.test(text);

function refusal(parts: Record<'code' | 'message' | 'reason' | 'hint', string>): UsageError {
  return new UsageError({ ...parts, exit: EXIT.readCommandConfig });
}
