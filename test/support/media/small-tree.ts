import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A root tree with everything that a disk needs and nothing that runs. */
export async function makeSmallTree(path: string): Promise<string> {
  const folders = 'boot dev etc/cos oem proc run sys tmp usr/bin usr/lib usr/local usr/sbin'.split(
    ' ',
  );
  for (const folder of folders) await mkdir(join(path, folder), { recursive: true });
  await symlink('usr/sbin', join(path, 'sbin'));
  await symlink('/boot/vmlinuz-1', join(path, 'boot/vmlinuz'));
  const files = {
    'boot/vmlinuz-1': 'kernel\n',
    'boot/initrd': 'initramfs\n',
    'usr/sbin/init': '#!/bin/sh\n',
    'etc/cos/grub.cfg': 'set timeout=0\n',
    'etc/cos/bootargs.cfg': 'set kernel=/boot/vmlinuz\nset initramfs=/boot/initrd\n',
    'usr/lib/os-release': 'NAME=Small\nGRUB_ENTRY_NAME="Small 1"\n',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
  return path;
}
