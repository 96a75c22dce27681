import { access, chmod, copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SystemError } from '../errors.ts';
import { hostCommand } from './host-command.ts';

export interface TinyTree {
  /** Empty or missing directory that becomes the root tree. */
  readonly path: string;
  /** Goes into os-release; two trees of other versions differ in content. */
  readonly version: string;
  /** Bytes of ballast, in files of 256 KiB that depend on the version. Default: none. */
  readonly ballastBytes?: number;
}

/**
 * Makes a root tree of a few megabytes without a network: one static busybox whose shell runs hooks, and what a tool
 * expects to find in an image. It has no programs for a running system: boot it with `userland: 'host'`.
 */
export async function makeTinyTree(tree: TinyTree): Promise<void> {
  const at = (path: string): string => join(tree.path, path);
  for (const folder of FOLDERS.split(' ')) await mkdir(at(folder), { recursive: true });
  await chmod(at('tmp'), 0o1777);
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) await symlink(`usr/${name}`, at(name));

  await copyFile(await staticBusybox(), at('usr/bin/busybox'));
  await chmod(at('usr/bin/busybox'), 0o755);
  const applets = await hostCommand(at('usr/bin/busybox'), ['--list']);
  for (const applet of applets.split('\n').filter((name) => /^[a-z0-9_[-]+$/.test(name))) {
    if (applet !== 'busybox') await symlink('busybox', at(`usr/bin/${applet}`));
  }

  for (const [path, text] of Object.entries(files(tree.version))) await writeFile(at(path), text);
  await writeBallast(at('usr/share/ballast'), tree);
}

const FOLDERS =
  'boot dev etc/cos etc/elemental home mnt oem opt proc root run srv sys system/oem tmp var/log var/lib var/tmp ' +
  'usr/bin usr/sbin usr/lib usr/lib64 usr/local usr/share/ballast';
const FILE_BYTES = 256 * 1024;

function files(version: string): Record<string, string> {
  return {
    'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
    'etc/group': 'root:x:0:\nnogroup:x:65534:\n',
    'etc/hostname': 'cos\n',
    'etc/hosts': '127.0.0.1 localhost cos\n',
    'etc/resolv.conf': '',
    'etc/os-release': `NAME="Tiny"\nID=tiny\nVERSION="${version}"\nVERSION_ID="${version}"\nPRETTY_NAME="Tiny ${version}"\nGRUB_ENTRY_NAME="Tiny ${version}"\n`,
    'etc/cos/bootargs.cfg':
      'set kernel=/boot/vmlinuz\nset initramfs=/boot/initrd\nset kernelcmd="root=LABEL=$label cos-img/filename=$img panic=5"\n',
    'boot/vmlinuz': `kernel of tiny ${version}\n`,
    'boot/initrd': `initrd of tiny ${version}\n`,
  };
}

async function staticBusybox(): Promise<string> {
  for (const candidate of ['/usr/bin/busybox', '/bin/busybox']) {
    const found = await access(candidate).then(
      () => true,
      () => false,
    );
    if (found) return candidate;
  }
  throw new SystemError({
    code: 'busybox-missing',
    message: 'the tiny tree cannot be made',
    reason: 'there is no busybox on this machine',
    hint: 'apt-get install busybox-static',
  });
}

async function writeBallast(folder: string, tree: TinyTree): Promise<void> {
  const count = Math.ceil((tree.ballastBytes ?? 0) / FILE_BYTES);
  for (let index = 0; index < count; index += 1) {
    const line = `ballast ${index} of ${tree.version}\n`;
    const text = line.repeat(Math.ceil(FILE_BYTES / line.length)).slice(0, FILE_BYTES);
    await writeFile(join(folder, `${index}.txt`), text);
  }
}
