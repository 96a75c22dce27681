/** What every derivative of these tests has, whatever its init: release, host name, package repository, mount points. */
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hostCommand } from '../../../src/sandbox/host-command.ts';
import { writeTreeFiles } from './tree-files.ts';

/** Of each image. What the reference adds to a tree would be read again and again, under emulation. */
export const IMAGE_MEBIBYTES = 440;

/** Unpacks a base and makes it a derivative of ours with Node in it. */
export async function unpackVendor(root: string, archive: string): Promise<void> {
  await mkdir(root, { recursive: true });
  const flags = ['--extract', '--numeric-owner', '--xattrs'];
  await hostCommand('tar', [...flags, '--file', archive, '--directory', root]);
  for (const name of ['etc/resolv.conf', 'etc/apt/apt.conf.d/99mmdebstrap']) {
    await rm(join(root, name), { force: true });
  }
  for (const folder of ['oem', 'system/oem', 'usr/local', 'etc/elemental', 'opt', 'srv']) {
    await mkdir(join(root, folder), { recursive: true });
  }
  await copyFile(process.execPath, join(root, 'usr/bin/node'));
  await writeTreeFiles(root, {
    'etc/hostname': 'cos\n',
    'etc/hosts': '127.0.0.1 localhost cos\n',
    'etc/resolv.conf': '',
    // A drive that is lent to the machine is mounted there before an upgrade.
    'etc/elemental/config.yaml': `upgrade:\n  system:\n    uri: dir:///run/next\n    size: ${IMAGE_MEBIBYTES}\n`,
    'etc/zypp/repos.d/extra.repo':
      '[extra]\nname=Extra data on COS_PERSISTENT\nenabled=1\nautorefresh=0\n' +
      'baseurl=dir:///usr/local/rpms\ntype=rpm-md\ngpgcheck=0\n',
  });
}

/** Two trees of other versions differ in their release, and in a file that says it. */
export async function writeVersion(root: string, version: string): Promise<void> {
  await writeTreeFiles(root, {
    'usr/lib/os-release':
      `NAME="cOS test"\nID=cos-test\nID_LIKE=debian\nVERSION="${version}"\nVERSION_ID="${version}"\n` +
      `PRETTY_NAME="cOS test ${version}"\nGRUB_ENTRY_NAME="cOS test ${version}"\n`,
    'etc/os-release': { link: '../usr/lib/os-release' },
    'usr/share/vm/version': `${version}\n`,
  });
}

/** A copy of a tree under another version. */
export async function deriveTree(from: string, to: string, version: string): Promise<void> {
  await hostCommand('cp', ['--archive', '--reflink=auto', '--no-target-directory', from, to]);
  await writeVersion(to, version);
}
