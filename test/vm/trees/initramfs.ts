/** An initramfs of one busybox and a few modules: the smallest surroundings that the root of an image can be mounted in. */
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { execFileSync } from 'node:child_process';
import { kernelOf, loadOrder } from './modules.ts';
import { writeTreeFiles } from './tree-files.ts';

/** Makes `/boot/initrd` of a tree from what is in the tree. */
export async function makeInitramfs(root: string, modules: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'slotwright-initramfs-'));
  try {
    for (const name of ['bin', 'dev', 'proc', 'sys', 'run', 'modules', 'sysroot']) {
      await mkdir(join(folder, name));
    }
    await copyFile(join(root, 'usr/bin/busybox'), join(folder, 'bin/busybox'));
    const order = await loadOrder(root, modules);
    const release = await kernelOf(root);
    for (const path of order) {
      await copyFile(
        join(root, 'usr/lib/modules', release, path),
        join(folder, 'modules', basename(path)),
      );
    }
    await copyFile(join(root, ROOT_SCRIPT), join(folder, 'root.sh'));
    await writeTreeFiles(folder, {
      'modules/order': `${order.map((path) => basename(path)).join('\n')}\n`,
      init: { script: INIT },
    });
    await writeFile(join(root, 'boot/initrd'), await packed(folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const ROOT_SCRIPT = 'usr/lib/slotwright/initramfs/root.sh';

/** The first process. What fails is told to the driver at once, and reboots: that uses up a try of an image on trial. */
const INIT = `#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t devtmpfs devtmpfs /dev
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=755 tmpfs /run
lost() {
  echo "initramfs: $*" >/dev/console
  echo "INITRAMFS-FAILED $*" >/dev/ttyS1
  sleep 2
  reboot -f
}
while read -r module; do insmod "/modules/$module" || echo "initramfs: no $module"; done </modules/order
. /root.sh
cos_parse /proc/cmdline
cos_mountroot /sysroot
case $? in
  0) ;;
  2) cos_wanted_live && cos_mount_live /sysroot || lost "there is no root" ;;
  *) lost "the root cannot be mounted" ;;
esac
[ -x /sysroot/sbin/init ] || [ -L /sysroot/sbin/init ] || lost "there is no init"
for one in run dev proc sys; do mount --move "/$one" "/sysroot/$one"; done
exec switch_root /sysroot /sbin/init
lost "the root cannot be switched to"
`;

async function packed(folder: string): Promise<Buffer> {
  const names = await readdir(folder, { recursive: true });
  const archive = execFileSync('busybox', ['cpio', '-o', '-H', 'newc'], {
    cwd: folder,
    input: `${names.join('\n')}\n`,
    maxBuffer: 256 * 1024 * 1024,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  return gzipSync(archive);
}
