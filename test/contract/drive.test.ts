/** What both machines promise of dividing and formatting disks; and what only a real disk can show of boot loaders. */
import { mkdtemp, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newLiveMachine } from '../../src/system/simulated/new-machine.ts';
import { simulatedSystem } from '../../src/system/simulated/system.ts';
import { createLinuxSystem } from '../../src/system/linux/index.ts';
import type { PartitionTable, System } from '../../src/system/port.ts';
import { LoopDisk, tool } from '../support/cloud-init/loop-disk.ts';
import { noStages } from '../support/no-stages.ts';

const isRoot = process.getuid?.() === 0;
const MIB = 2 ** 20;

interface DriveSubject {
  readonly system: System;
  readonly disk: string;
  readonly discard: () => void;
}

const subjects: readonly [string, boolean, () => DriveSubject][] = [
  ['the simulated machine', true, simulated],
  [isRoot ? 'the Linux machine' : 'the Linux machine (skipped: needs root)', isRoot, real],
];

const TABLE: PartitionTable = {
  kind: 'gpt',
  partitions: [
    { name: 'bios', startMiB: 1, mebibytes: 1, type: 'bios', boots: false },
    { name: 'state', startMiB: 2, mebibytes: 128, type: 'linux', boots: false },
    { name: 'persistent', startMiB: 130, mebibytes: 32, type: 'linux', boots: false },
  ],
};

describe.each(subjects)('%s', (_name, possible, make) => {
  if (!possible) {
    it.skip('needs root for loop devices');
    return;
  }
  let subject: DriveSubject;
  beforeAll(() => {
    subject = make();
  });
  afterAll(() => subject.discard());

  it('describes an unused disk, and nothing under a name that leads nowhere', async () => {
    const { system, disk } = subject;
    const found = await system.disks.describe(disk);
    expect(found).toMatchObject({ device: disk, kind: 'disk', mode: 'rw', users: [] });
    expect(found?.bytes).toBeGreaterThan(162 * MIB);
    expect(await system.disks.describe('/dev/nothing-of-this-name')).toBeUndefined();
  });

  it('divides a disk and formats its partitions, which are then found by role and label', async () => {
    const { system, disk } = subject;
    const nodes = await system.disks.divide(disk, TABLE);
    expect(nodes).toHaveLength(3);
    const [, state = '', persistent = ''] = nodes;
    await system.disks.format(state, { fs: 'ext4', label: 'COS_STATE' });
    await system.disks.format(persistent, { fs: 'ext4', label: 'MINE' });
    const found = (await system.disks.partitions()).filter((partition) => partition.disk === disk);
    expect(found).toContainEqual({
      role: 'state',
      device: state,
      disk,
      label: 'COS_STATE',
      fs: 'ext4',
      bytes: 128 * MIB,
    });
    expect(found.find(({ role }) => role === 'persistent')).toMatchObject({ label: 'MINE' });
  });

  it('formats a partition again, and nothing of what was on it is left', async () => {
    const { system, disk } = subject;
    const { device = '' } =
      (await system.disks.partitions()).find(
        (partition) => partition.disk === disk && partition.role === 'persistent',
      ) ?? {};
    const at = '/run/slotwright-drive-test';
    await system.mounts.mount({ kind: 'device', source: device, at, mode: 'rw' });
    await system.files.writeText(`${at}/note`, 'of the user', 0o600);
    await system.mounts.unmount(at);
    await system.disks.format(device, { fs: 'ext4', label: 'MINE' });
    await system.mounts.mount({ kind: 'device', source: device, at, mode: 'rw' });
    const names = await system.files.list(at);
    await system.mounts.unmount(at);
    expect(names).not.toContain('note');
  });

  it('says who uses a disk while one of its partitions is mounted', async () => {
    const { system, disk } = subject;
    const state = (await system.disks.partitions()).find(
      (partition) => partition.disk === disk && partition.role === 'state',
    );
    const at = '/run/slotwright-drive-test';
    await system.mounts.mount({
      kind: 'device',
      source: state?.device ?? '',
      at,
      mode: 'ro',
    });
    const found = await system.disks.describe(disk);
    await system.mounts.unmount(at);
    expect(found?.users.join()).toContain(at);
  });

  it('divides a disk again, and nothing of what was on it is found', async () => {
    const { system, disk } = subject;
    await system.disks.divide(disk, TABLE);
    const found = (await system.disks.partitions()).filter((partition) => partition.disk === disk);
    expect(found.filter(({ label }) => label !== undefined)).toEqual([]);
  });
});

describe.runIf(isRoot)('a real disk', () => {
  const system = createLinuxSystem({ stages: noStages });
  const effort = { signal: new AbortController().signal };
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'slotwright-drive-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('keeps the present GRUB until the one sector leads to the new one', async () => {
    const disk = new LoopDisk(64);
    try {
      const [bios = ''] = await system.disks.divide(disk.node, {
        kind: 'gpt',
        partitions: [{ name: 'bios', startMiB: 1, mebibytes: 1, type: 'bios', boots: false }],
      });
      const prepared = path.join(folder, 'bios');
      await mkdir(prepared);
      await system.boot.prepareLoader(
        {
          firmware: 'bios',
          arch: 'x86_64',
          tree: folder,
          menuOn: ['COS_STATE'],
          modulesAt: folder,
        },
        prepared,
        effort,
      );
      const place = { firmware: 'bios', disk: disk.node, core: bios } as const;
      const sectorAt = async (): Promise<number> =>
        Number((await readFile(disk.image)).readBigUInt64LE(0x5c));
      await system.boot.installLoader(place, prepared);
      const first = await sectorAt();
      const before = (await readFile(disk.image)).subarray(first * 512 + 512, MIB + MIB / 2);
      await system.boot.installLoader(place, prepared);
      expect(first).toBe(2048);
      expect(await sectorAt()).toBe(3072);
      const after = (await readFile(disk.image)).subarray(first * 512 + 512, MIB + MIB / 2);
      expect(after.equals(before)).toBe(true);
      expect(disk.partitions()).toHaveLength(1);
    } finally {
      disk.discard();
    }
  });

  it('takes the shim of the image, and the GRUB it trusts, where it brings them', async () => {
    const tree = path.join(folder, 'suse');
    await mkdir(path.join(tree, 'usr/share/efi/x86_64'), { recursive: true });
    await mkdir(path.join(tree, 'usr/share/grub2/x86_64-efi'), { recursive: true });
    await mkdir(path.join(tree, 'etc'));
    await writeFile(path.join(tree, 'etc/os-release'), 'ID=opensuse\n');
    await writeFile(path.join(tree, 'usr/share/efi/x86_64/shim.efi'), 'shim');
    await writeFile(path.join(tree, 'usr/share/efi/x86_64/MokManager.efi'), 'manager');
    await writeFile(path.join(tree, 'usr/share/grub2/x86_64-efi/grub.efi'), 'grub');
    await writeFile(path.join(tree, 'usr/share/grub2/x86_64-efi/loopback.mod'), 'module');
    const prepared = path.join(folder, 'efi');
    const { start } = await system.boot.prepareLoader(
      {
        firmware: 'efi',
        arch: 'x86_64',
        tree,
        menuOn: ['COS_STATE', 'COS_RECOVERY'],
        modulesAt: path.join(folder, 'grub2'),
      },
      prepared,
      effort,
    );
    const at = path.join(folder, 'esp');
    await system.boot.installLoader({ firmware: 'efi', at }, prepared);
    const read = (name: string): Promise<string> => readFile(path.join(at, name), 'utf8');
    expect(start).toBe('EFI/elemental/shim.efi');
    expect(await read('EFI/BOOT/BOOTX64.EFI')).toBe('shim');
    expect(await read('EFI/elemental/grub.efi')).toBe('grub');
    expect(await read('EFI/BOOT/MokManager.efi')).toBe('manager');
    expect(await read('EFI/elemental/grub.cfg')).toContain('--set=root COS_RECOVERY');
    expect(await readFile(path.join(folder, 'grub2/x86_64-efi/loopback.mod'), 'utf8')).toBe(
      'module',
    );
  });

  it('builds a GRUB for EFI where the image brings no shim', async () => {
    const tree = path.join(folder, 'plain');
    await mkdir(tree);
    const prepared = path.join(folder, 'efi-plain');
    const { start } = await system.boot.prepareLoader(
      { firmware: 'efi', arch: 'x86_64', tree, menuOn: ['COS_STATE'], modulesAt: tree },
      prepared,
      effort,
    );
    const at = path.join(folder, 'esp-plain');
    await system.boot.installLoader({ firmware: 'efi', at }, prepared);
    const loader = await readFile(path.join(at, 'EFI/BOOT/BOOTX64.EFI'));
    expect(start).toBe('EFI/elemental/grub.efi');
    expect(loader.toString('latin1', 0, 2)).toBe('MZ');
    expect(loader.includes('--label --set=root COS_STATE')).toBe(true);
  });

  it('is refused while somebody has it mounted', async () => {
    const disk = new LoopDisk(64, { script: 'label: gpt\nsize=32MiB\n' });
    const at = path.join(folder, 'mounted');
    try {
      tool('mke2fs', ['-q', disk.partition(1)]);
      await system.mounts.mount({ kind: 'device', source: disk.partition(1), at, mode: 'rw' });
      await expect(system.disks.divide(disk.node, TABLE)).rejects.toMatchObject({
        code: 'disk-busy',
      });
      await system.mounts.unmount(at);
      expect(disk.partitions()).toHaveLength(1);
    } finally {
      disk.discard();
    }
  });

  it('brings a local file with its mode, whole or not at all', async () => {
    const to = path.join(folder, '90_custom.yaml');
    await writeFile(path.join(folder, 'given.yaml'), 'stages: {}\n');
    await truncate(path.join(folder, 'given.yaml'), 11);
    await system.images.fetch(path.join(folder, 'given.yaml'), to, 0o600, effort);
    expect(await readFile(to, 'utf8')).toBe('stages: {}\n');
    expect(tool('stat', ['-c', '%a', to]).trim()).toBe('600');
    await expect(
      system.images.fetch(path.join(folder, 'none.yaml'), `${to}.other`, 0o600, effort),
    ).rejects.toMatchObject({ code: 'not-found' });
  });
});

function simulated(): DriveSubject {
  const system = simulatedSystem(newLiveMachine());
  return { system, disk: '/dev/vda', discard: () => undefined };
}

function real(): DriveSubject {
  const disk = new LoopDisk(400);
  return {
    system: createLinuxSystem({ stages: noStages }),
    disk: disk.node,
    discard: () => disk.discard(),
  };
}
