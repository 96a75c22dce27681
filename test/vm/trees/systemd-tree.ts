/** A derivative as a distribution makes one: systemd, udev, an initramfs by the distribution's own program, units enabled. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hostCommand } from '../../../src/sandbox/host-command.ts';
import { AGENT, AGENT_PATH } from './agent.ts';
import { baseArchive } from './base-archive.ts';
import { keepModules, kernelOf } from './modules.ts';
import { installProgram } from './program.ts';
import { writeTreeFiles, type TreeFile } from './tree-files.ts';
import { unpackVendor, writeVersion } from './vendor-files.ts';

/** What makes the initramfs. */
export type InitramfsMaker = 'initramfs-tools' | 'dracut';

/** Makes the tree from nothing: a minute the first time, some seconds from the cache. */
export async function makeSystemdTree(
  root: string,
  given: { readonly version: string; readonly bundle: string; readonly maker: InitramfsMaker },
  note: (line: string) => void,
): Promise<void> {
  const { version, bundle, maker } = given;
  const name = maker === 'dracut' ? 'dracut' : 'systemd';
  const packages = [...PACKAGES, maker];
  await unpackVendor(root, await baseArchive({ name, variant: 'minbase', packages }, note));
  await keepModules(root, MODULES);
  await writeTreeFiles(root, { ...FILES, ...(maker === 'dracut' ? {} : INITRAMFS_TOOLS) });
  await hostCommand('systemctl', ['--root', root, 'enable', 'vm-agent.service']);
  // The one of the package's installation: `init` makes another, with our root in it.
  await rm(join(root, `boot/initrd.img-${await kernelOf(root)}`), { force: true });
  await installProgram(root, bundle, ['--initrd']);
  await writeVersion(root, version);
}

const PACKAGES = [
  ...['linux-image-cloud-amd64', 'systemd-sysv', 'udev', 'dbus', 'busybox-static'],
  ...['kmod', 'procps', 'e2fsprogs', 'dosfstools', 'rsync', 'zypper', 'rpm'],
];

/** What the initramfs and udev of a virtual machine ask for. */
const MODULES = [
  ...['virtio_pci', 'virtio_blk', 'virtio_rng', 'virtio_net', 'virtio_console', 'loop', 'overlay'],
  ...[
    'squashfs',
    'vfat',
    'nls_cp437',
    'nls_ascii',
    'nls_iso8859_1',
    'autofs4',
    'dm_mod',
    'efivarfs',
  ],
];

const INITRAMFS_TOOLS: Readonly<Record<string, TreeFile>> = {
  'etc/initramfs-tools/conf.d/vm': 'MODULES=list\nCOMPRESS=gzip\n',
  'etc/initramfs-tools/modules': 'virtio_pci\nvirtio_blk\n',
};

const FILES: Readonly<Record<string, TreeFile>> = {
  'etc/fstab': '',
  // To be made by the machine: `init` brings what keeps it (docs/immutability.md).
  'etc/machine-id': 'uninitialized\n',
  // These machines have no network to wait for.
  'etc/systemd/system/systemd-networkd-wait-online.service': { link: '/dev/null' },
  // An empty password, for the console of a test.
  'etc/shadow': 'root::19000:0:99999:7:::\n',
  [AGENT_PATH]: { script: AGENT },
  'etc/systemd/system/vm-agent.service': `[Unit]
Description=Hand of the driver of this virtual machine
After=multi-user.target slotwright-confirm.service

[Service]
ExecStart=/${AGENT_PATH}
StandardInput=tty
StandardOutput=tty
TTYPath=/dev/ttyS1
Restart=always

[Install]
WantedBy=multi-user.target
`,
};
