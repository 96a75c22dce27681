/** A real tree in a temporary directory, prepared with the real files of the checkout. */
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  isContainer,
  isRunningSystem,
} from '../../../src/system/linux/prepare-image/running-system.ts';
import {
  prepareImage,
  type Prepared,
  type PrepareRequest,
} from '../../../src/system/linux/prepare-image/prepare-image.ts';

let scratch = '';
let root = '';
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'slotwright-init-'));
  root = join(scratch, 'root');
  await put({
    'usr/bin/node': '',
    'usr/lib/systemd/systemd': '',
    'usr/lib/modules/6.1.0-9/modules.dep': '',
    'usr/lib/modules/6.1.0-10/modules.dep': '',
    'boot/vmlinuz-6.1.0-10': '',
    'usr/sbin/mkinitramfs': '',
  });
  await writeFile(join(scratch, 'slotwright.cjs'), '#!/usr/bin/env node\n');
});
afterEach(async () => rm(scratch, { recursive: true, force: true }));

async function put(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
}

async function prepare(request: Partial<PrepareRequest> = {}): Promise<Prepared> {
  return prepareImage(
    { root, force: false, initrd: false, ...request },
    {
      bundle: join(scratch, 'slotwright.cjs'),
      folder: 'src/boot/image',
      environment: {},
      signal: new AbortController().signal,
      note: () => undefined,
    },
  );
}

const at = (path: string): string => join(root, path);

describe('a prepared root tree', () => {
  it('has the boot files, the program under both names, and mount points', async () => {
    const { kept, next } = await prepare();
    for (const path of ['etc/cos/grub.cfg', 'etc/cos/bootargs.cfg']) {
      expect(readFileSync(at(path))).toEqual(readFileSync(join('src/boot/image', path)));
    }
    expect(statSync(at('usr/lib/slotwright/slotwright.cjs')).mode & 0o777).toBe(0o755);
    expect(statSync(at('usr/share/initramfs-tools/hooks/slotwright')).mode & 0o777).toBe(0o755);
    expect(statSync(at('etc/cos/grub.cfg')).mode & 0o777).toBe(0o644);
    for (const name of ['slotwright', 'elemental']) {
      expect(readlinkSync(at(`usr/bin/${name}`))).toBe('../lib/slotwright/slotwright.cjs');
    }
    for (const path of ['oem', 'usr/local', 'run', 'proc', 'system/oem']) {
      expect(statSync(at(path)).isDirectory()).toBe(true);
    }
    expect(kept).toEqual([]);
    expect(next).toEqual([
      'make the initramfs again, in the image: mkinitramfs -o /boot/initrd 6.1.0-10 (or give --initrd)',
    ]);
  });

  it('brings the hook that keeps the id of the machine, and its program', async () => {
    await prepare();
    expect(statSync(at('usr/lib/slotwright/machine-id')).mode & 0o777).toBe(0o755);
    const hook = readFileSync(at('system/oem/10_machine-id.yaml'), 'utf8');
    expect(hook).toContain('- /usr/lib/slotwright/machine-id\n');
  });

  it('boots its newest kernel', async () => {
    await prepare();
    expect(readlinkSync(at('boot/vmlinuz'))).toBe('vmlinuz-6.1.0-10');
  });

  it('boots its newest kernel where that lies among its modules', async () => {
    await put({ 'usr/lib/modules/6.2.0-1/vmlinuz': '', 'usr/lib/modules/6.2.0-1/modules.dep': '' });
    await prepare();
    expect(readlinkSync(at('boot/vmlinuz'))).toBe('../usr/lib/modules/6.2.0-1/vmlinuz');
    expect(existsSync(at('boot/vmlinuz'))).toBe(true);
  });

  it('boots the kernel that its maker linked, with the initramfs of that', async () => {
    await put({
      'boot/vmlinuz-6.1.0-9': '',
      'boot/initrd.img-6.1.0-9': '',
      'boot/initrd.img-6.1.0-10': '',
    });
    await symlink('vmlinuz-6.1.0-9', at('boot/vmlinuz'));
    await symlink('initrd.img-6.0', at('boot/initrd'));
    await prepare();
    expect(readlinkSync(at('boot/vmlinuz'))).toBe('vmlinuz-6.1.0-9');
    expect(readlinkSync(at('boot/initrd'))).toBe('initrd.img-6.1.0-9');
  });

  it('follows the links of a tree where /lib and /bin are in /usr', async () => {
    for (const name of ['bin', 'sbin', 'lib']) await symlink(`usr/${name}`, at(name));
    await prepare();
    expect((await prepare()).written).toEqual([]);
    expect(lstatSync(at('lib')).isSymbolicLink()).toBe(true);
  });

  it('is told what of the reference would do the same work again', async () => {
    await put({
      'usr/lib/dracut/modules.d/30cos-immutable-rootfs/module-setup.sh': '',
      'etc/systemd/system/cos-setup-boot.service': '',
    });
    const { next } = await prepare();
    expect(next.join('\n')).toContain('remove the dracut module 30cos-immutable-rootfs');
    expect(next.join('\n')).toContain('/etc/systemd/system/cos-setup-boot.service is meant');
  });

  it('can prepare the images that are made from it', async () => {
    await prepare();
    expect(readFileSync(at('usr/lib/slotwright/image/etc/cos/grub.cfg'))).toEqual(
      readFileSync('src/boot/image/etc/cos/grub.cfg'),
    );
  });

  it('has its units enabled, the periodic upgrade not', async () => {
    const { enabled } = await prepare();
    expect(enabled).toContain('slotwright-confirm.service');
    expect(enabled).not.toContain('slotwright-upgrade.timer');
    expect(
      readlinkSync(at('etc/systemd/system/multi-user.target.wants/cos-setup-boot.service')),
    ).toBe('/usr/lib/systemd/system/cos-setup-boot.service');
    expect(readdirSync(at('etc/systemd/system/sysinit.target.wants'))).toContain(
      'cos-setup-fs.service',
    );
    for (const unit of enabled) expect(existsSync(at(`usr/lib/systemd/system/${unit}`))).toBe(true);
  });

  it('keeps a unit masked that somebody masked', async () => {
    await mkdir(at('etc/systemd/system'), { recursive: true });
    await symlink('/dev/null', at('etc/systemd/system/cos-setup-network.service'));
    const { enabled } = await prepare();
    expect(enabled).not.toContain('cos-setup-network.service');
  });

  it('without systemd is told what its init has to do; it does not claim to confirm its boots', async () => {
    await rm(at('usr/lib/systemd'), { recursive: true });
    const { enabled, next } = await prepare();
    expect(enabled).toEqual([]);
    expect(existsSync(at('etc/slotwright/confirm'))).toBe(false);
    expect(next.join('\n')).toContain('slotwright assess-boot');
  });

  it('is not changed by a second time', async () => {
    await prepare();
    const again = await prepare();
    expect(again.written).toEqual([]);
    expect(again.unchanged).toBeGreaterThan(20);
  });

  it('gets back what was changed of the program, and its modes', async () => {
    await prepare();
    await chmod(at('usr/share/initramfs-tools/hooks/slotwright'), 0o644);
    await writeFile(at('usr/lib/slotwright/slotwright.cjs'), 'older');
    const { written } = await prepare();
    expect(written).toEqual([
      '/usr/lib/slotwright/slotwright.cjs',
      '/usr/share/initramfs-tools/hooks/slotwright',
    ]);
  });

  it('keeps configuration that was there, and names it; --force takes ours', async () => {
    await put({ 'etc/cos/bootargs.cfg': 'set kernel=/boot/mine\n' });
    const { kept, next } = await prepare();
    expect(kept).toEqual(['/etc/cos/bootargs.cfg']);
    expect(next.at(-1)).toContain('--force: /etc/cos/bootargs.cfg');
    expect(readFileSync(at('etc/cos/bootargs.cfg'), 'utf8')).toBe('set kernel=/boot/mine\n');
    expect((await prepare({ force: true })).written).toEqual(['/etc/cos/bootargs.cfg']);
  });

  it('is refused untouched when it brings another elemental; --force replaces that', async () => {
    await put({ 'usr/bin/elemental': 'the reference' });
    await expect(prepare()).rejects.toMatchObject({ code: 'foreign-command', exit: 64 });
    expect(readdirSync(root).sort()).toEqual(['boot', 'usr']);
    await prepare({ force: true });
    expect(lstatSync(at('usr/bin/elemental')).isSymbolicLink()).toBe(true);
  });

  it('takes a copy that npm installed for its own', async () => {
    await symlink('../lib/node_modules/slotwright/dist/slotwright.cjs', at('usr/bin/elemental'));
    await prepare();
    expect(readlinkSync(at('usr/bin/elemental'))).toBe('../lib/slotwright/slotwright.cjs');
  });

  it('has nothing written outside of it, wherever its links lead', async () => {
    const outside = join(scratch, 'outside');
    await mkdir(outside);
    await symlink(outside, at('etc'));
    await expect(prepare()).rejects.toMatchObject({ code: 'image-in-the-way', exit: 64 });
    await rm(at('etc'));
    await symlink('../../outside', at('oem'));
    await expect(prepare()).rejects.toMatchObject({ code: 'image-in-the-way', exit: 64 });
    expect(readdirSync(outside)).toEqual([]);
    expect(readdirSync(root).sort()).toEqual(['boot', 'oem', 'usr']);
  });

  it.each([
    ['usr/local/bin/node', 'move Node to /usr/bin/node'],
    ['usr/share/nothing', 'install Node'],
  ])('is told that its Node will be missing at boot: %s', async (path, step) => {
    await rm(at('usr/bin/node'));
    await put({ [path]: '' });
    expect((await prepare()).next[0]).toContain(step);
  });

  it('prefers dracut where both are there', async () => {
    await put({ 'usr/bin/dracut': '' });
    expect((await prepare()).next[0]).toContain(
      'dracut --force --no-hostonly /boot/initrd 6.1.0-10',
    );
  });

  it('cannot be made of a directory that holds no system', async () => {
    await expect(prepare({ root: scratch })).rejects.toMatchObject({ code: 'not-a-root-tree' });
    await expect(prepare({ root: join(scratch, 'none') })).rejects.toMatchObject({
      code: 'not-a-root-tree',
    });
  });

  it('gets no initramfs when nothing in it can make one: refused, the rest in place', async () => {
    await rm(at('usr/sbin/mkinitramfs'));
    await expect(prepare({ initrd: true })).rejects.toMatchObject({ code: 'no-initrd-program' });
    expect(existsSync(at('usr/bin/elemental'))).toBe(true);
  });
});

describe('the running system', () => {
  it('is never a tree beside it', async () => {
    expect(await isRunningSystem(root, {})).toBe(false);
  });

  const LAYERS = 'rw,lowerdir=/var/lib/docker/overlay2/l/A:/var/lib/docker/overlay2/l/B';
  const mounts = (line: string): string => `22 1 0:21 / /proc rw - proc proc rw\n${line}\n`;

  it.each([
    ['a variable of the engine', { environment: { container: 'oci' } }],
    ['a mark of the engine', { marked: true }],
    [
      'a folder of the engine',
      { mounts: mounts('30 1 0:40 /docker/btrfs/subvolumes/1f / rw - btrfs /dev/sda1 rw') },
    ],
    [
      'layers of the engine',
      { mounts: mounts(`30 1 0:40 / / rw,relatime - overlay overlay ${LAYERS}`) },
    ],
  ])('is not what a container calls /, shown by %s', (_, shown) => {
    expect(isContainer({ environment: {}, mounts: '', marked: false, ...shown })).toBe(true);
  });

  it.each([
    ['a disk', mounts('30 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw')],
    [
      'a live system',
      mounts('30 1 0:40 / / rw - overlay LiveOS_rootfs rw,lowerdir=/run/rootfsbase'),
    ],
    ['nothing that is known', ''],
  ])('is what stands on %s', (_, text) => {
    expect(isContainer({ environment: {}, mounts: text, marked: false })).toBe(false);
  });
});
