/** A derivative whose init is busybox: boots in seconds under emulation, and shows that nothing here needs systemd. */
import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { hostCommand } from '../../../src/sandbox/host-command.ts';
import { AGENT, AGENT_PATH } from './agent.ts';
import { baseArchive } from './base-archive.ts';
import { makeInitramfs } from './initramfs.ts';
import { keepModules, kernelOf } from './modules.ts';
import { installProgram } from './program.ts';
import { writeTreeFiles } from './tree-files.ts';
import { unpackVendor, writeVersion } from './vendor-files.ts';

/** Makes the tree from nothing: 30 s the first time, some seconds from the cache. */
export async function makeBusyboxTree(
  root: string,
  given: { readonly version: string; readonly bundle: string },
  note: (line: string) => void,
): Promise<void> {
  const archive = await baseArchive(
    { name: 'busybox', variant: 'extract', packages: PACKAGES },
    note,
  );
  await unpackVendor(root, archive);
  await keepModules(root, [...EARLY_MODULES, ...LATE_MODULES]);
  const release = await kernelOf(root);
  await rename(join(root, `boot/vmlinuz-${release}`), join(root, 'boot/vmlinuz'));
  await linkApplets(root);
  await writeTreeFiles(root, FILES);
  await installProgram(root, given.bundle);
  await writeVersion(root, given.version);
  await makeInitramfs(root, EARLY_MODULES);
}

const PACKAGES = [
  ...['linux-image-cloud-amd64', 'busybox-static', 'kmod'],
  ...['dash', 'bash', 'coreutils', 'findutils', 'grep', 'sed', 'tar', 'gzip', 'procps'],
  ...['util-linux', 'mount', 'e2fsprogs', 'dosfstools', 'rsync', 'zypper', 'rpm'],
  // What installs.
  ...['fdisk', 'grub-common', 'grub-pc-bin', 'grub-efi-amd64-bin', 'efibootmgr'],
];

/** What the root of an image needs, and of a medium. */
const EARLY_MODULES = [
  ...['virtio_pci', 'virtio_blk', 'loop', 'overlay', 'squashfs'],
  ...['virtio_scsi', 'sr_mod', 'isofs'],
];
const LATE_MODULES = [
  'virtio_rng',
  'virtio_net',
  'vfat',
  'nls_cp437',
  'nls_ascii',
  'nls_iso8859_1',
  'efivarfs',
];

/** Busybox gives every program that no package brought. */
async function linkApplets(root: string): Promise<void> {
  const present = new Set(
    (
      await Promise.all(['usr/bin', 'usr/sbin'].map((folder) => readdir(join(root, folder))))
    ).flat(),
  );
  const applets = (await hostCommand(join(root, 'usr/bin/busybox'), ['--list'])).split('\n');
  const missing = applets.filter((name) => !present.has(name) && !name.startsWith('['));
  await writeTreeFiles(
    root,
    Object.fromEntries(missing.map((name) => [`usr/bin/${name}`, { link: 'busybox' }])),
  );
  await writeTreeFiles(root, {
    // Busybox as a shell would run its own applets instead of the programs of these names.
    'usr/bin/sh': { link: 'dash' },
    'usr/sbin/init': { link: '../bin/busybox' },
    'usr/libexec/busybox/login': { link: '../../bin/busybox' },
  });
}

const FILES = {
  'etc/passwd': 'root::0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
  'etc/group': 'root:x:0:\ntty:x:5:\ndisk:x:6:\nnogroup:x:65534:\n',
  'etc/fstab': '',
  [AGENT_PATH]: { script: AGENT },
  'etc/inittab': `::sysinit:/etc/init.d/rcS
ttyS0::respawn:/usr/bin/busybox getty -L -l /usr/libexec/busybox/login 115200 ttyS0 vt100
ttyS1::respawn:/${AGENT_PATH}
::shutdown:/etc/init.d/rcK
`,
  // Does in order what the units do in an image with systemd (docs/boot.md).
  'etc/init.d/rcS': {
    script: `#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
umask 022
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t tmpfs -o mode=1777 tmpfs /tmp
[ ! -d /sys/firmware/efi/efivars ] || { modprobe efivarfs 2>/dev/null; mount -t efivarfs efivarfs /sys/firmware/efi/efivars; }
ln -sf /proc/self/fd /dev/fd
hostname -F /etc/hostname
ip link set lo up
for module in ${LATE_MODULES.join(' ')}; do modprobe "$module" 2>/dev/null; done
boot_step() {
  echo "boot: $*"
  "$@"
  code=$?
  [ "$code" = 0 ] || echo "boot: $* ended with $code"
}
# The units that resume and judge have this as a condition.
on_an_image() { [ -e /run/cos/live_mode ] || boot_step "$@"; }
boot_step elemental run-stage fs
on_an_image elemental resume --boot early
boot_step elemental run-stage boot
boot_step elemental run-stage network
on_an_image elemental resume --boot network
on_an_image elemental assess-boot
echo "boot: done"
`,
  },
  'etc/init.d/rcK': {
    script: `#!/bin/sh
sync
umount -a -r 2>/dev/null
`,
  },
  // Says that rcS runs assess-boot late in each boot.
  'etc/slotwright/confirm': '',
};
