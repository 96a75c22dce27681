/** `install` on real disks: what is then on them, what is refused, and what SIGKILL leaves. */
import {
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HAND_ON } from '../../src/boot/loader.ts';
import { EXIT } from '../../src/exit-codes.ts';
import { tool, type LoopDisk } from '../support/cloud-init/loop-disk.ts';
import { Installer, onPartition, OWN_LABELS, tableOf } from '../support/install/installer.ts';

const isRoot = process.getuid?.() === 0;
const LONG = 600_000;
const SIZES = `
install:
  partitions:
    recovery: {size: 700}
    state: {size: 900}
`;

describe.skipIf(!isRoot)('install on a real disk', () => {
  let installer: Installer;
  let source: string;
  beforeAll(async () => {
    installer = await Installer.make();
    source = `dir:${installer.tree}`;
  });
  afterAll(() => installer.discard());

  const onDisk = async (test: (disk: LoopDisk) => Promise<void>, mebibytes = 3072) => {
    const disk = installer.disk(mebibytes);
    try {
      await test(disk);
    } finally {
      disk.discard();
    }
  };
  /** With the usual labels, whatever other disks of this machine carry. */
  const install = (disk: LoopDisk, config: string, ...more: readonly string[]) =>
    installer.run(
      ...['install', disk.node, '--force', '--system.uri', source, '--config-dir', config],
      ...more,
    );

  it('makes what the reference makes, for a BIOS', { timeout: LONG }, () =>
    onDisk(async (disk) => {
      const config = installer.config('sizes', SIZES);
      const { exit, stderr } = await install(disk, config, '--firmware', 'bios', '-c', 'oem.yaml');
      expect(stderr).not.toContain('error:');
      expect(exit).toBe(EXIT.ok);
      expect(tableOf(disk)).toEqual([
        'bios 1',
        'oem 64 ext4 COS_OEM',
        'recovery 700 ext4 COS_RECOVERY',
        'state 900 ext4 COS_STATE',
        'persistent 1405 ext4 COS_PERSISTENT',
      ]);
      const state = onPartition(disk.partition(4), ['state.yaml', 'grub_oem_env']);
      expect(state.get('label:cOS/active.img')).toBe('COS_ACTIVE');
      expect(state.get('label:cOS/passive.img')).toBe('COS_PASSIVE');
      expect(state.get('hook:cOS/active.img')).toBe('hook');
      expect(state.get('slotwright')).toBe('700');
      expect([...state.keys()].filter((name) => /loader|transition|\.new/.test(name))).toEqual([]);
      for (const word of ['date:', 'oem:', 'persistent:', 'recovery:', 'active:', 'passive:']) {
        expect(state.get('text:state.yaml')).toContain(word);
      }
      expect(state.get('text:grub_oem_env')).toContain('default_menu_entry=Tiny 1.0');
      const recovery = onPartition(disk.partition(3), ['state.yaml']);
      expect(recovery.get('label:cOS/recovery.img')).toBe('COS_SYSTEM');
      expect(recovery.get('text:state.yaml')).toBe(state.get('text:state.yaml'));
      expect(recovery.has('grub2/grub.cfg')).toBe(true);
      const segments = [...recovery.keys()].filter((name) => name.endsWith('.jsonl'));
      expect(
        segments.map((name) => name.replace(/^.*\/(\d+-.*)-\w+\.jsonl$/, '$1')).toSorted(),
      ).toEqual(['000001-prepare-disk', '000002-install']);
      expect(onPartition(disk.partition(2)).get('90_custom.yaml')).toBe('600');
      expect(firstSector(disk).readBigUInt64LE(0x5c)).toBe(2048n);
      expect(readdirSync('/run/slotwright/install')).toEqual([]);
      expect(tool('grub-fstest', [disk.image, 'ls', '(loop0,gpt4)/grub2/'])).toContain('grub.cfg');
    }),
  );

  it.skipIf(!knowsVfat())('makes what the reference makes, for EFI', { timeout: LONG }, () =>
    onDisk(async (disk) => {
      const config = installer.config('sizes', SIZES);
      const { exit, stderr } = await install(disk, config, '--firmware', 'efi');
      expect(stderr).not.toContain('error:');
      expect(exit).toBe(EXIT.ok);
      expect(tableOf(disk).slice(0, 2)).toEqual(['efi 64 vfat COS_GRUB', 'oem 64 ext4 COS_OEM']);
      const efi = onPartition(disk.partition(1), ['EFI/elemental/grub.cfg']);
      expect([...efi.keys()]).toEqual(
        expect.arrayContaining([
          'EFI/BOOT/BOOTX64.EFI',
          'EFI/BOOT/grub.cfg',
          'EFI/elemental/grub.efi',
        ]),
      );
      expect(efi.get('text:EFI/elemental/grub.cfg')).toContain('--label --set=root COS_STATE');
      expect(onPartition(disk.partition(4), ['state.yaml']).get('text:state.yaml')).toContain(
        'efi:\n    label: COS_GRUB',
      );
    }),
  );

  it('makes an msdos table with the loader before the first partition', { timeout: LONG }, () =>
    onDisk(async (disk) => {
      const config = installer.config('sizes', SIZES);
      const flags = ['--firmware', 'bios', '--part-table', 'msdos'];
      expect((await install(disk, config, ...flags)).exit).toBe(EXIT.ok);
      expect(tableOf(disk)).toEqual([
        '- 64 ext4 COS_OEM',
        '- 700 ext4 COS_RECOVERY',
        '- 900 ext4 COS_STATE bootable',
        '- 1407 ext4 COS_PERSISTENT',
      ]);
      expect(firstSector(disk).readBigUInt64LE(0x5c)).toBe(1n);
      expect(firstSector(disk).readUInt16LE(510)).toBe(0xaa55);
    }),
  );

  it('makes further partitions, and gives one of them the rest', { timeout: LONG }, () =>
    onDisk(async (disk) => {
      const config = installer.config(
        'extra',
        `${SIZES}    persistent: {size: 100, fs: xfs, label: MINE}
  extra-partitions:
    - {Name: data, label: DATA, fs: ext4}
    - {Name: swapless, label: MORE, size: 50, fs: ext2}
`.replace('size: 100, fs: xfs', 'size: 400, fs: xfs'),
      );
      expect((await install(disk, config, '--firmware', 'bios')).exit).toBe(EXIT.ok);
      expect(tableOf(disk).slice(4)).toEqual([
        'persistent 400 xfs MINE',
        'swapless 50 ext2 MORE',
        'data 955 ext4 DATA',
      ]);
    }),
  );

  it('makes a recovery system of its own, packed', { timeout: LONG }, () =>
    onDisk(async (disk) => {
      const config = installer.config('packed', `${SIZES}  recovery-system: {fs: squashfs}\n`);
      const own = ['--recovery-system.uri', source, '--squash-no-compression'];
      expect((await install(disk, config, '--firmware', 'bios', ...own)).exit).toBe(EXIT.ok);
      const recovery = onPartition(disk.partition(3));
      expect(recovery.get('type:cOS/recovery.img')).toBe('squashfs');
      expect(recovery.get('version:cOS/recovery.img')).toContain('1.0');
    }),
  );

  it(
    'keeps partitions, refuses a system on them, and replaces it when it is told to',
    { timeout: LONG },
    () =>
      onDisk(async (disk) => {
        const own = ['--config-dir', installer.config('own', OWN_LABELS), '--firmware', 'bios'];
        const line = ['install', disk.node, '--system.uri', source, ...own];
        expect((await installer.run(...line)).exit).toBe(EXIT.ok);
        const before = onPartition(disk.partition(5));
        const again = await installer.run(...line, '--no-format');
        expect(again.stderr).toContain('there is a system on these partitions already');
        expect(again.exit).toBe(EXIT.alreadyInstalled);
        const forced = await installer.run(...line, '--no-format', '--force', '-c', 'oem.yaml');
        expect(forced.exit).toBe(EXIT.ok);
        const state = onPartition(disk.partition(4));
        expect(state.get('hook:cOS/active.img')).toBe('hook');
        expect(state.get('hook:cOS/passive.img')).toBe('hook');
        expect(onPartition(disk.partition(5))).toEqual(before);
        expect(firstSector(disk).readBigUInt64LE(0x5c)).toBe(3072n);
      }),
  );

  it.skipIf(knowsVfat())('refuses EFI where the kernel cannot mount its partition', () =>
    onDisk(async (disk) => {
      const config = installer.config('sizes', SIZES);
      const { exit, stderr } = await install(disk, config, '--firmware', 'efi');
      expect(stderr).toContain('missing: the file system vfat in the kernel');
      expect(exit).toBe(EXIT.unsupported);
      expect(firstSector(disk).every((byte) => byte === 0)).toBe(true);
    }),
  );

  it('takes the system from a medium, and refuses one that has none', { timeout: LONG }, () =>
    onDisk(async (disk) => {
      const at = `${installer.folder}/medium`;
      tool('mkdir', ['-p', at]);
      const make = (name: string): string => {
        const file = `${installer.folder}/${name}`;
        tool('mke2fs', ['-q', '-t', 'ext2', '-d', at, file, '64m']);
        return file;
      };
      const empty = make('empty.iso');
      tool('mksquashfs', [installer.tree, `${at}/rootfs.squashfs`, '-quiet', '-no-progress']);
      const full = make('full.iso');
      const config = installer.config('sizes', SIZES);
      const line = ['install', disk.node, '--force', '--firmware', 'bios', '--config-dir', config];
      const refused = await installer.run(...line, '--iso', empty);
      expect(refused.stderr).toContain('holds no system');
      expect(refused.exit).toBe(EXIT.noSource);
      const { exit, stdout } = await installer.run(...line, '--iso', full);
      expect(stdout).toContain(full);
      expect(exit).toBe(EXIT.ok);
      expect(onPartition(disk.partition(4)).get('version:cOS/active.img')).toContain('1.0');
    }),
  );

  it('takes a used disk, whatever partitions the kernel knows of it', { timeout: LONG }, () =>
    onDisk(async (disk) => {
      const seven = Array.from({ length: 7 }, () => 'size=50MiB').join('\n');
      tool('sfdisk', ['--quiet', '--no-reread', disk.node], `label: gpt\n${seven}\n`);
      tool('partx', ['--update', disk.node]);
      const config = installer.config('sizes', SIZES);
      for (const table of ['gpt', 'msdos']) {
        const flags = ['--firmware', 'bios', '--part-table', table];
        const { exit, stderr } = await install(disk, config, ...flags);
        expect(stderr).not.toContain('error:');
        expect(exit).toBe(EXIT.ok);
        expect(tableOf(disk)).toHaveLength(table === 'gpt' ? 5 : 4);
      }
    }),
  );

  it('takes links of the image for what they are in it, not here', { timeout: LONG }, () =>
    onDisk(async (disk) => {
      const outside = path.join(installer.folder, 'outside');
      const tree = path.join(installer.folder, 'linked');
      cpSync(installer.tree, tree, { recursive: true });
      mkdirSync(path.join(outside, 'cos'), { recursive: true });
      writeFileSync(path.join(outside, 'cos/grub.cfg'), 'menuentry "not of the image" {}\n');
      writeFileSync(path.join(outside, 'os-release'), 'GRUB_ENTRY_NAME=Host\n');
      for (const [name, to] of [
        ['oem', path.join(outside, 'oem')],
        ['etc/cos', path.join(outside, 'cos')],
        ['etc/os-release', path.join(outside, 'os-release')],
      ] as const) {
        rmSync(path.join(tree, name), { recursive: true, force: true });
        symlinkSync(to, path.join(tree, name));
      }
      const config = installer.config('own', OWN_LABELS);
      const line = ['--system.uri', `dir:${tree}`, '--config-dir', config, '--firmware', 'bios'];
      const { exit } = await installer.run('install', disk.node, ...line);
      expect(exit).toBe(EXIT.ok);
      const state = onPartition(disk.partition(4), ['grub2/grub.cfg', 'grub_oem_env']);
      expect(state.get('text:grub2/grub.cfg')).not.toContain('not of the image');
      expect(state.get('text:grub_oem_env')).not.toContain('Host');
      expect(readdirSync(outside).toSorted()).toEqual(['cos', 'os-release']);
    }),
  );

  it('keeps no password of an address', { timeout: LONG }, () =>
    onDisk(async (disk) => {
      const server = createServer((_request, answer) => answer.end('stages: {}\n'));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      try {
        const { port } = server.address() as AddressInfo;
        const config = installer.config('sizes', SIZES);
        const address = `http://me:geheim@127.0.0.1:${port}/site.yaml?token=geheim`;
        const ended = await install(disk, config, '--firmware', 'bios', '-c', address);
        expect(ended.exit).toBe(EXIT.ok);
        expect(ended.stdout + ended.stderr).not.toContain('geheim');
        const linesWith = (text: string): number =>
          Number(tool('sh', ['-c', 'grep -acF "$1" "$2" || true', 'sh', text, disk.image]));
        expect(linesWith('geheim')).toBe(0);
        expect(linesWith(`127.0.0.1:${port}/site.yaml`)).toBeGreaterThan(0);
      } finally {
        server.close();
      }
    }),
  );
  it(
    'that is killed after any record is finished by the same command',
    { timeout: LONG },
    async () => {
      const own = ['--config-dir', installer.config('own', OWN_LABELS), '--firmware', 'bios'];
      const wrong: string[] = [];
      let kills = 0;
      for (let record = 1; record < 100; record += 7) {
        await onDisk(async (disk) => {
          const line = ['install', disk.node, '--system.uri', source, '-c', 'oem.yaml', ...own];
          if ((await installer.killedAfter(record, line)) !== 'killed') return;
          kills += 1;
          const first = firstSector(disk);
          const bootable = first.includes('GRUB');
          if (!bootable && first.readUInt16LE(510) === 0xaa55 && !first.includes(HAND_ON)) {
            wrong.push(`${record}: a BIOS takes it for a disk that starts, and hangs`);
          }
          if (bootable && onPartition(disk.partition(4)).get('hook:cOS/active.img') !== 'hook') {
            wrong.push(`${record}: it boots, and the system is not whole`);
          }
          const { exit, stderr } = await installer.run(...line);
          if (exit !== EXIT.ok) wrong.push(`${record}: ${exit} ${stderr}`);
          const state = onPartition(disk.partition(4));
          const recovery = onPartition(disk.partition(3));
          const labels = ['active', 'passive'].map((slot) => state.get(`label:cOS/${slot}.img`));
          if (labels.join() !== 'COS_ACTIVE,COS_PASSIVE') wrong.push(`${record}: ${labels.join()}`);
          if (recovery.get('label:cOS/recovery.img') !== 'COS_SYSTEM')
            wrong.push(`${record}: recovery`);
          const left = [...state.keys(), ...recovery.keys()].filter((name) =>
            /loader\.|transition|doomed|retired/.test(name),
          );
          if (left.length > 0) wrong.push(`${record}: left over ${left.join()}`);
        });
      }
      expect(wrong).toEqual([]);
      expect(kills).toBeGreaterThan(8);
    },
  );
});

/** Some kernels of build machines do not: an EFI partition cannot be mounted there. */
function knowsVfat(): boolean {
  const known = readFileSync('/proc/filesystems', 'utf8').includes('\tvfat');
  if (!known) process.stdout.write('installing for EFI: left out, the kernel knows no vfat\n');
  return known;
}

function firstSector({ image }: LoopDisk): Buffer {
  const sector = Buffer.alloc(512);
  const file = openSync(image, 'r');
  readSync(file, sector, 0, 512, 0);
  closeSync(file);
  return sector;
}
