import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { EXIT } from '../../exit-codes.ts';
import { SystemError } from '../../errors.ts';
import { EXT_FEATURES } from '../ext-features.ts';
import { doing } from './file-error.ts';
import type { Exec } from './exec.ts';

/** Makes an empty file system on a whole device. */
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
