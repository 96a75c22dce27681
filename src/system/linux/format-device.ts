import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { EXIT } from '../../exit-codes.ts';
import { SystemError } from '../../errors.ts';
import { doing } from './file-error.ts';
import type { Exec } from './exec.ts';

/** Makes an empty file system on a whole device. ext with features by name: newer defaults are unknown to GRUB 2.06. */
export async function formatDevice(
  exec: Exec,
  device: string,
  { fs, label }: { readonly fs: string; readonly label?: string },
): Promise<void> {
  const [tool, ...args] = commandFor(fs, label);
  await exec.change(tool, [...args, device], { timeoutMs: Infinity });
  await doing(`write ${device}`, async () => {
    const file = await open(device, constants.O_RDWR);
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  });
}

/** The program that makes this file system. */
export function formatterOf(fs: string): string {
  return commandFor(fs, undefined)[0];
}

const IMAGE_FEATURES = 'none,ext_attr,resize_inode,dir_index,filetype,sparse_super,large_file';
const EXT4_FEATURES = `${IMAGE_FEATURES},has_journal,extent,huge_file,flex_bg,metadata_csum,64bit,dir_nlink,extra_isize`;
const EXT_FEATURES: Readonly<Record<'ext2' | 'ext3' | 'ext4', string>> = {
  ext2: IMAGE_FEATURES,
  ext3: `${IMAGE_FEATURES},has_journal`,
  ext4: EXT4_FEATURES,
};

const commandFor = (fs: string, label: string | undefined): readonly [string, ...string[]] => {
  const named = (flag: string): readonly string[] => (label === undefined ? [] : [flag, label]);
  switch (fs) {
    case 'ext2':
    case 'ext3':
    case 'ext4':
      return [
        'mke2fs',
        ...['-q', '-F', '-t', fs, '-O', EXT_FEATURES[fs], '-b', '4096', '-I', '256'],
        ...named('-L'),
      ];
    case 'xfs':
      return ['mkfs.xfs', '-q', '-f', ...named('-L')];
    case 'vfat':
    case 'fat':
      return ['mkfs.vfat', ...named('-n')];
    default:
      throw new SystemError({
        code: 'file-system-unknown',
        message: `the file system ${fs} cannot be made`,
        hint: 'use ext4, ext3, ext2, xfs or vfat',
        exit: EXIT.formatPartitions,
      });
  }
};
