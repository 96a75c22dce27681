import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decodeBlock, variablesOf } from '../../../src/boot/environment-block.ts';
import { findBootLoader } from '../../../src/media/boot-loader.ts';
import { buildDisk, type BuiltDisk } from '../../../src/media/build-disk.ts';
import { planDisk, type DiskRecipe } from '../../../src/media/disk-plan.ts';
import { findProgram, missingPrograms } from '../../../src/media/host-program.ts';
import { MIB, type PartitionName } from '../../../src/media/partition-layout.ts';
import { makeSmallTree } from '../../support/media/small-tree.ts';

const run = promisify(execFile);
const work = { signal: new AbortController().signal, note: () => undefined };
const SIZES = { image: 16, state: 128, recovery: 112, persistent: 32 };
const TOOLS = ['sfdisk', 'mke2fs', 'mkfs.vfat', 'mcopy', 'grub-fstest', 'debugfs'];
const complete =
  (await Promise.all(TOOLS.map((name) => findProgram([name])))).every(
    (name) => name !== undefined,
  ) &&
  (await findBootLoader().then(
    () => true,
    () => false,
  ));

let folder: string;
let root: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slotwright-media-'));
  root = await makeSmallTree(join(folder, 'root'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

const recipe = (more: Partial<DiskRecipe> = {}, at = folder): DiskRecipe => ({
  root: join(at, 'root'),
  output: join(at, 'disk.raw'),
  date: '2026-03-01T12:00:00Z',
  mebibytes: SIZES,
  ...more,
});

describe.skipIf(!complete)('a disk from a root tree (needs mtools, dosfstools, GRUB)', () => {
  let kept: string;
  let built: BuiltDisk;
  beforeAll(async () => {
    kept = await mkdtemp(join(tmpdir(), 'slotwright-media-'));
    await makeSmallTree(join(kept, 'root'));
    await writeFile(join(kept, 'install.yaml'), 'stages: {}\n');
    await mkdir(join(kept, 'data'));
    await writeFile(join(kept, 'data/extra'), 'extra data\n');
    built = await buildDisk(
      recipe({ oem: [join(kept, 'install.yaml')], persistent: join(kept, 'data') }, kept),
      work,
    );
  });
  afterAll(async () => rm(kept, { recursive: true, force: true }));

  const place = (name: PartitionName): string => {
    const offset = built.partitions.find((one) => one.name === name)?.offset ?? 0;
    return `${built.output}?offset=${offset}`;
  };
  const debugfs = async (name: PartitionName, request: string): Promise<string> =>
    (await run('debugfs', ['-R', request, place(name)])).stdout;
  const grub = async (...args: readonly string[]): Promise<string> =>
    (await run('grub-fstest', [built.output, ...args])).stdout;

  it('has the partitions of the reference, and boot code before the table', async () => {
    const { stdout } = await run('sfdisk', ['--json', built.output]);
    const { partitiontable } = JSON.parse(stdout) as {
      partitiontable: { label: string; partitions: { name: string; start: number }[] };
    };
    expect(partitiontable.label).toBe('gpt');
    expect(partitiontable.partitions.map(({ name }) => name)).toEqual([
      'bios',
      'efi',
      'oem',
      'recovery',
      'state',
      'persistent',
    ]);
    const bytes = await readFile(built.output);
    expect(bytes.readBigUInt64LE(0x5c)).toBe(BigInt(MIB / 512));
    expect(bytes.readBigUInt64LE(MIB + 0x1f4)).toBe(BigInt(MIB / 512 + 1));
    expect(bytes.readUInt16LE(510)).toBe(0xaa55);
  });

  it.each(['oem', 'recovery', 'state', 'persistent'] as const)(
    'has a file system without faults in %s, with nothing that GRUB cannot read',
    async (name) => {
      await run('e2fsck', ['-fn', place(name)]);
      const header = await debugfs(name, 'show_super_stats -h');
      expect(header).toContain(`COS_${name.toUpperCase()}`);
      expect(header).toMatch(/Block size: +4096/);
      expect(header).not.toMatch(/orphan_file|metadata_csum_seed/);
    },
  );

  it('lets GRUB read the menu and look into each image', async () => {
    expect(await grub('cat', '(loop0,gpt5)/grub2/grub.cfg')).toBe('set timeout=0\n');
    for (const [partition, image] of [
      [5, 'active'],
      [5, 'passive'],
      [4, 'recovery'],
    ] as const) {
      const path = join(kept, `${image}.img`);
      await run('grub-fstest', [
        built.output,
        'cp',
        `(loop0,gpt${partition})/cOS/${image}.img`,
        path,
      ]);
      expect((await run('grub-fstest', [path, 'cat', '(loop0)/boot/vmlinuz'])).stdout).toBe(
        'kernel\n',
      );
      await run('e2fsck', ['-fn', path]);
    }
  });

  it('gives each image its label and a UUID of its own', async () => {
    const found: string[][] = [];
    for (const name of ['active', 'passive', 'recovery']) {
      const path = join(kept, `${name}.img`);
      const { stdout } = await run('dumpe2fs', ['-h', path]);
      found.push(
        [/volume name: +(\S+)/, /UUID: +(\S+)/].map((pattern) => pattern.exec(stdout)?.[1] ?? ''),
      );
    }
    expect(found.map(([label]) => label)).toEqual(['COS_ACTIVE', 'COS_PASSIVE', 'COS_SYSTEM']);
    expect(new Set(found.map(([, uuid]) => uuid)).size).toBe(3);
  });

  it('has what an installer leaves: environment blocks, and state.yaml twice', async () => {
    for (const [name, variables] of [
      [
        'grub_oem_env',
        {
          state_label: 'COS_STATE',
          active_label: 'COS_ACTIVE',
          passive_label: 'COS_PASSIVE',
          recovery_label: 'COS_RECOVERY',
          system_label: 'COS_SYSTEM',
          oem_label: 'COS_OEM',
          persistent_label: 'COS_PERSISTENT',
          default_menu_entry: 'Small 1',
        },
      ],
      ['grub_judgement_env', {}],
    ] as const) {
      const path = join(kept, name);
      await debugfs('state', `dump /${name} ${path}`);
      expect(variablesOf(decodeBlock(await readFile(path)))).toEqual(variables);
    }
    const yaml = await debugfs('state', 'cat /state.yaml');
    expect(yaml).toContain('label: COS_PASSIVE');
    expect(await debugfs('recovery', 'cat /state.yaml')).toBe(yaml);
  });

  it('keeps hook files for root alone and fills the persistent partition', async () => {
    expect(await debugfs('oem', 'cat /install.yaml')).toBe('stages: {}\n');
    expect(await debugfs('oem', 'stat /install.yaml')).toMatch(/Mode: +0600/);
    expect(await debugfs('persistent', 'cat /extra')).toBe('extra data\n');
  });

  it('starts EFI firmware by the name that needs no boot entry', async () => {
    const offset = built.partitions.find(({ name }) => name === 'efi')?.offset ?? 0;
    const env = { ...process.env, MTOOLS_SKIP_CHECK: '1', MTOOLSRC: '/dev/null' };
    const at = `${built.output}@@${offset}`;
    const { stdout } = await run('mdir', ['-b', '-/', '-i', at, '::/EFI'], { env });
    expect(stdout).toMatch(/EFI\/BOOT\/BOOTX64\.EFI/i);
    expect(stdout).toMatch(/EFI\/elemental\/grub\.cfg/i);
  });

  it('leaves nothing but the disk', async () => {
    expect((await readdir(kept)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('leaves nothing at all when it is stopped', async () => {
    const controller = new AbortController();
    const stopping = { signal: controller.signal, note: () => controller.abort() };
    await expect(buildDisk(recipe(), stopping)).rejects.toMatchObject({ code: 'interrupted' });
    expect(await readdir(folder)).toEqual(['root']);
  });

  it('leaves nothing at all when a file for COS_OEM cannot be had', async () => {
    const missing = buildDisk(recipe({ oem: [join(folder, 'missing.yaml')] }), work);
    await expect(missing).rejects.toMatchObject({ code: 'oem-file-unreadable' });
    expect(await readdir(folder)).toEqual(['root']);
  });

  it('refuses a name that is taken, with the code of the reference', async () => {
    await writeFile(join(folder, 'disk.raw'), 'precious');
    await expect(buildDisk(recipe(), work)).rejects.toMatchObject({
      code: 'output-exists',
      exit: 25,
    });
    expect(await readFile(join(folder, 'disk.raw'), 'utf8')).toBe('precious');
  });

  it('refuses a tree that would not boot, and names everything that is missing', async () => {
    await rm(join(root, 'boot/vmlinuz-1'));
    await rm(join(root, 'oem'), { recursive: true });
    await expect(buildDisk(recipe(), work)).rejects.toMatchObject({
      code: 'tree-incomplete',
      reason: 'missing in it: /boot/vmlinuz, /oem',
    });
  });

  it('follows no link out of the tree', async () => {
    await writeFile(join(folder, 'secret'), 'set of the host\n');
    await rm(join(root, 'etc/cos/grub.cfg'));
    await symlink('../../../secret', join(root, 'etc/cos/grub.cfg'));
    await expect(buildDisk(recipe(), work)).rejects.toMatchObject({
      reason: 'missing in it: /etc/cos/grub.cfg',
    });
  });

  it('refuses an image that its content does not fit into', async () => {
    await writeFile(join(root, 'usr/bin/large'), Buffer.alloc(20 * MIB, 'x'));
    await expect(buildDisk(recipe(), work)).rejects.toMatchObject({ code: 'image-too-small' });
  });

  it('refuses a label that the kernel command line could not hold', async () => {
    const labelled = buildDisk(recipe({ labels: { oem: 'MY OEM' } }), work);
    await expect(labelled).rejects.toMatchObject({ code: 'label-impossible', exit: 44 });
  });
});

it('tells a machine without the programs which packages to install', () => {
  expect(missingPrograms(['mcopy', 'sfdisk', 'mmd'])).toMatchObject({
    code: 'media-program-missing',
    reason: 'missing: mcopy, sfdisk, mmd',
    hint: 'apt-get install mtools fdisk (Debian names)',
  });
});

describe.skipIf(!complete)('a disk for a cloud', () => {
  it('of Azure is the raw disk with the footer of a fixed VHD', async () => {
    const { output, bytes } = await buildDisk(recipe({ type: 'azure' }), work);
    expect(output).toBe(join(folder, 'disk.raw.vhd'));
    const file = await readFile(output);
    expect(file.length).toBe(bytes + 512);
    const footer = file.subarray(bytes);
    expect(footer.toString('latin1', 0, 8)).toBe('conectix');
    expect(footer.readBigUInt64BE(48)).toBe(BigInt(bytes));
    const rest = footer.reduce((sum, byte, at) => (at >= 64 && at < 68 ? sum : sum + byte), 0);
    expect(footer.readUInt32BE(64)).toBe(~rest >>> 0);
    if ((await findProgram(['qemu-img'])) === undefined) return;
    const { stdout } = await run('qemu-img', ['info', '-f', 'vpc', '--output=json', output]);
    expect(JSON.parse(stdout)).toMatchObject({ format: 'vpc', 'virtual-size': bytes });
  });

  it('of GCE is packed under the name it must have, in whole GiB', async () => {
    const { output, bytes } = await buildDisk(recipe({ type: 'gce' }), work);
    expect(output).toBe(join(folder, 'disk.raw.tar.gz'));
    expect(bytes % (1024 * MIB)).toBe(0);
    await run('tar', ['-xzSf', output, '-C', folder]);
    const { stdout } = await run('sfdisk', ['--json', join(folder, 'disk.raw')]);
    const { partitiontable } = JSON.parse(stdout) as {
      partitiontable: { lastlba: number; partitions: readonly unknown[] };
    };
    expect(partitiontable.partitions).toHaveLength(6);
    // The second table lies at the end of all of it.
    expect(partitiontable.lastlba).toBe(bytes / 512 - 34);
  });
});

it('a disk is not built from a tree of another machine', async () => {
  const elf = Buffer.alloc(64);
  elf.write('\x7fELF', 0, 'latin1');
  elf.writeUInt16LE(183, 18);
  await mkdir(join(root, 'bin'), { recursive: true });
  await rm(join(root, 'bin/sh'), { force: true });
  await writeFile(join(root, 'bin/sh'), elf);
  await expect(planDisk(recipe())).rejects.toMatchObject({
    code: 'wrong-arch',
    reason: expect.stringContaining('aarch64') as string,
  });
});
