import { randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { readFileSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LoopDisk, tool } from '../support/cloud-init/loop-disk.ts';
import { hasPrograms } from '../support/cloud-init/media.ts';
import { oneStep, runHere } from '../support/cloud-init/on-this-machine.ts';

const ready =
  process.getuid?.() === 0 &&
  hasPrograms('sfdisk', 'partx', 'losetup', 'mkfs.ext4', 'mkfs.xfs', 'mkfs.vfat');

const linux = '0FC63DAF-8483-4772-8E79-3D69D8477DE4';
const twoPartitions = 'label: gpt\nsize=20MiB, name="first"\nsize=30MiB, name="last"\n';
const sectors = (mebibytes: number): number => mebibytes * 2048;

describe.skipIf(!ready)('layout on a real disk (needs root, loop devices, sfdisk, mkfs)', () => {
  let disk: LoopDisk;
  let labels: { readonly fs: string; readonly other: string };
  const disks: LoopDisk[] = [];
  const attach = (...given: ConstructorParameters<typeof LoopDisk>): LoopDisk => {
    disk = new LoopDisk(...given);
    disks.push(disk);
    return disk;
  };
  const layOut = (layout: Readonly<Record<string, unknown>>, node = disk.node) =>
    runHere(oneStep({ layout: { device: { path: node }, ...layout } }));

  beforeEach(() => {
    // Labels are looked for on the whole machine.
    const unique = randomBytes(3).toString('hex').toUpperCase();
    labels = { fs: `L${unique}A`, other: `L${unique}B` };
  });
  afterEach(() => {
    for (const attached of disks.splice(0)) {
      attached.discard();
    }
  });

  describe('growth', () => {
    it.each(['ext2', 'ext4'] as const)(
      'gives the room of a disk that has grown to the last partition and its %s, and keeps what is there',
      async (type) => {
        attach(80, { script: twoPartitions });
        disk.makeExt(2, type, { kept: 'text' });
        const [firstBefore, lastBefore] = disk.partitions();
        disk.enlarge(200);

        const told = await layOut({ expand_partition: { size: 0 } });

        expect(told.failures).toEqual([]);
        const [first, last] = disk.partitions();
        expect(first).toEqual(firstBefore);
        expect(last).toEqual({ ...lastBefore, size: sectors(199) - (lastBefore?.start ?? 0) });
        expect(readFileSync(path.join(disk.mount(2), 'kept'), 'utf8')).toBe('text');
        const { blocks, bsize } = statfsSync(path.join(disk.folder, 'p2'));
        expect(blocks * bsize).toBeGreaterThan(130 * 1024 * 1024);
      },
    );

    it('does nothing when there is nothing left to grow', async () => {
      attach(80, { script: twoPartitions });
      tool('mkfs.ext4', ['-q', disk.partition(2)]);
      await layOut({ expand_partition: { size: 0 } });
      const before = readFileSync(disk.image);
      const told = await layOut({ expand_partition: { size: 0 } });
      expect(told.failures).toEqual([]);
      expect(told.events.map(({ type }) => type)).toEqual(['hook.started', 'hook.completed']);
      expect(readFileSync(disk.image).equals(before)).toBe(true);
    });

    it.each(['mounted', 'not mounted'])('grows an xfs that is %s', async (state) => {
      attach(400, { script: 'label: gpt\nsize=320MiB\n' });
      tool('mkfs.xfs', ['-q', '-L', labels.fs, disk.partition(1)]);
      if (state === 'mounted') {
        disk.mount(1);
      }
      const told = await runHere(
        oneStep({ layout: { device: { label: labels.fs }, expand_partition: { size: 380 } } }),
      );
      expect(told.failures).toEqual([]);
      expect(disk.partitions()[0]?.size).toBe(sectors(380));
      const at = state === 'mounted' ? path.join(disk.folder, 'p1') : disk.mount(1);
      const { blocks, bsize } = statfsSync(at);
      expect(blocks * bsize).toBeGreaterThan(300 * 1024 * 1024);
    });

    it('grows the file system whose partition an interrupted run has grown', async () => {
      attach(100, { script: 'label: gpt\nsize=90MiB\n' });
      tool('mkfs.ext4', ['-q', disk.partition(1), '40M']);
      const told = await layOut({ expand_partition: { size: 90 } });
      expect(told.failures).toEqual([]);
      const { blocks, bsize } = statfsSync(disk.mount(1));
      expect(blocks * bsize).toBeGreaterThan(70 * 1024 * 1024);
    });

    it('says that a larger partition is not made smaller', async () => {
      attach(80, { script: twoPartitions });
      const before = disk.partitions();
      const told = await layOut({ expand_partition: { size: 10 } });
      expect(told).toMatchObject({
        failures: [],
        warnings: [`${disk.partition(2)} has more than 10 MiB already: nothing is made smaller`],
      });
      expect(disk.partitions()).toEqual(before);
    });

    it('refuses before any write when what is on the partition cannot grow', async () => {
      attach(80, { script: twoPartitions });
      tool('mkfs.vfat', ['-n', labels.fs, disk.partition(2)]);
      const before = readFileSync(disk.image);
      const told = await layOut({ expand_partition: { size: 0 } });
      expect(told.failures).toEqual([
        expect.stringContaining(
          `${disk.partition(2)} is not made larger: what is on it (vfat) cannot grow`,
        ),
      ]);
      expect(readFileSync(disk.image).equals(before)).toBe(true);
    });

    it('grows the partition that cloud-config names by its mount point', async () => {
      attach(120, { script: twoPartitions });
      tool('mkfs.ext2', ['-q', disk.partition(2)]);
      const at = disk.mount(2);
      const told = await layOut({ expand_partition: { size: 0 } }, at);
      // A kernel that may not be asked to grow a mounted ext2 has the partition grown all the same.
      expect(told.failures.filter((failure) => !failure.includes('resize2fs'))).toEqual([]);
      expect(disk.partitions()[1]?.size).toBe(sectors(119) - (disk.partitions()[1]?.start ?? 0));
    });
  });

  describe('additions', () => {
    it('come behind the last partition, one of each kind, and a second run leaves them alone', async () => {
      attach(600, { script: twoPartitions });
      const before = disk.partitions();
      const short = labels.fs;
      const layout = {
        add_partitions: [
          { fsLabel: `${short}1`, pLabel: 'p.four', size: 40 },
          { fsLabel: `${short}2`, pLabel: 'p.x', size: 320, filesystem: 'xfs' },
          { fsLabel: `${short}3`, pLabel: 'p.efi', size: 40, filesystem: 'vfat', bootable: true },
          { pLabel: 'p.bios', size: 1, filesystem: 'none', bootable: true },
          { fsLabel: `${short}5`, size: 20, filesystem: 'swap' },
          { fsLabel: `${short}6`, pLabel: 'the rest', filesystem: 'ext2' },
        ],
      };
      const told = await layOut(layout);
      expect(told.failures).toEqual([]);
      const after = disk.partitions();
      expect(after.slice(0, 2)).toEqual(before);
      expect(after.slice(2).map(({ name = '', size, type }) => [name, size / 2048, type])).toEqual([
        ['p.four', 40, linux],
        ['p.x', 320, linux],
        ['p.efi', 40, 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B'],
        ['p.bios', 1, '21686148-6449-6E6F-744E-656564454649'],
        ['', 20, '0657FD6D-A4AB-43C4-84E5-0933C84B4F4F'],
        ['the rest', 127, linux],
      ]);
      const contents = [3, 4, 5, 6, 7, 8].map((number) => [
        disk.signature(number, 'TYPE'),
        disk.signature(number, 'LABEL'),
      ]);
      expect(contents).toEqual([
        ['ext4', `${short}1`],
        ['xfs', `${short}2`],
        ['vfat', `${short}3`],
        ['', ''],
        ['swap', `${short}5`],
        ['ext2', `${short}6`],
      ]);
      const output = told.events.filter((event) => event.type === 'hook.output');
      expect(output.map((event) => event.part)).toEqual(['layout']);

      const image = readFileSync(disk.image);
      const again = await layOut(layout);
      expect(again.failures).toEqual([]);
      expect(again.warnings).toContain(
        `the label ${short}1 is on ${disk.partition(3)}: the partition ${short}1 is not added`,
      );
      expect(again.warnings).toContain(
        `the partition label p.bios is on ${disk.partition(6)}: the partition p.bios is not added`,
      );
      expect(readFileSync(disk.image).equals(image)).toBe(true);
    });

    it('follow the growth of the last partition on a disk that has grown, and again change nothing', async () => {
      attach(80, { script: twoPartitions });
      tool('mkfs.ext4', ['-q', disk.partition(2)]);
      disk.enlarge(300);
      const layout = {
        expand_partition: { size: 100 },
        add_partitions: [{ fsLabel: labels.fs }],
      };
      expect((await layOut(layout)).failures).toEqual([]);
      const [, last, added] = disk.partitions();
      expect(last?.size).toBe(sectors(100));
      expect(added).toMatchObject({ start: sectors(121), size: sectors(299 - 121) });
      const image = readFileSync(disk.image);
      expect((await layOut(layout)).failures).toEqual([]);
      expect(readFileSync(disk.image).equals(image)).toBe(true);
    });

    it('refuse before any write what does not fit, with the place of the entry', async () => {
      attach(100, { script: twoPartitions });
      const before = readFileSync(disk.image);
      const document = [
        'stages:',
        '  s:',
        '  - layout:',
        `      device: {path: ${disk.node}}`,
        '      expand_partition: {size: 40}',
        '      add_partitions:',
        `      - {fsLabel: ${labels.fs}, size: 10}`,
        `      - {fsLabel: ${labels.other}, size: 100}`,
      ].join('\n');
      const told = await runHere(document);
      expect(told.failures).toEqual([
        `<STDIN>:8:9, step 1: ${disk.node} is too small for the partition ${labels.other}: it needs 100 MiB, 28 MiB are free behind the last partition`,
      ]);
      expect(told.events.at(-1)).toMatchObject({ type: 'hook.failed', part: 'layout', line: 8 });
      expect(readFileSync(disk.image).equals(before)).toBe(true);
    });

    it('never show what an old file system in their room was called', async () => {
      attach(100, { script: 'label: gpt\nsize=20MiB\nsize=30MiB\n' });
      tool('mkfs.ext4', ['-q', '-L', labels.other, disk.partition(2)]);
      tool('sfdisk', ['--no-reread', '--no-tell-kernel', '--delete', disk.node, '2']);
      tool('partx', ['--delete', '--nr', '2', disk.node]);
      const told = await layOut({
        add_partitions: [{ pLabel: 'raw', size: 30, filesystem: 'none' }],
      });
      expect(told.failures).toEqual([]);
      expect(disk.signature(2, 'LABEL')).toBe('');
    });

    it('whose file system cannot be made are taken out of the table again', async () => {
      attach(100, { script: twoPartitions });
      const before = disk.partitions();
      const told = await layOut({
        add_partitions: [
          { fsLabel: labels.fs, size: 10, filesystem: 'xfs' },
          { fsLabel: labels.other, size: 10 },
        ],
      });
      expect(told.failures).toEqual([
        expect.stringMatching(/`mkfs\.xfs .*` ended with exit code 1/),
      ]);
      expect(disk.partitions()).toEqual(before);
      const output = told.events.find((event) => event.type === 'hook.output');
      expect(output).toMatchObject({ part: 'layout' });
    });

    it('work on a msdos table, up to four partitions', async () => {
      attach(100, { script: 'label: dos\nsize=20MiB\n' });
      const told = await layOut({
        add_partitions: [
          { fsLabel: labels.fs, size: 20, bootable: true },
          { fsLabel: labels.other, size: 20, filesystem: 'vfat' },
        ],
      });
      expect(told.failures).toEqual([]);
      expect(disk.partitions().slice(1)).toMatchObject([
        { start: sectors(21), size: sectors(20), type: '83', bootable: true },
        { start: sectors(41), size: sectors(20), type: 'c' },
      ]);
      const more = await layOut({
        add_partitions: [
          { fsLabel: `${labels.fs}C`, size: 10 },
          { fsLabel: `${labels.fs}D`, size: 10 },
        ],
      });
      expect(more.failures).toEqual([expect.stringContaining('is full: it holds 4 partitions')]);
      expect(disk.partitions()).toHaveLength(3);
    });

    it('work with sectors of 4096 bytes', async () => {
      attach(100, { script: 'label: gpt\nsize=20MiB\n', sectorBytes: 4096 });
      const told = await layOut({ add_partitions: [{ fsLabel: labels.fs, size: 30 }] });
      expect(told.failures).toEqual([]);
      expect(disk.partitions()[1]).toMatchObject({ start: 21 * 256, size: 30 * 256 });
      expect(disk.signature(2, 'LABEL')).toBe(labels.fs);
    });

    it('refuse before any write what a short table does not hold', async () => {
      attach(60, { script: 'label: gpt\ntable-length: 4\nsize=5MiB\nsize=5MiB\nsize=5MiB\n' });
      const added = [
        { fsLabel: labels.fs, size: 10 },
        { fsLabel: labels.other, size: 10 },
      ];
      const before = readFileSync(disk.image);
      const told = await layOut({ add_partitions: added });
      expect(told.failures).toEqual([expect.stringContaining('is full: it holds 4 partitions')]);
      expect(readFileSync(disk.image).equals(before)).toBe(true);
      expect((await layOut({ add_partitions: added.slice(0, 1) })).failures).toEqual([]);
      expect(disk.signature(4, 'LABEL')).toBe(labels.fs);
    });

    it('of two steps at once do not get into each other', async () => {
      attach(100, { script: twoPartitions });
      const step = (name: string, fsLabel: string, after: readonly unknown[]) => ({
        name,
        after,
        layout: { device: { path: disk.node }, add_partitions: [{ fsLabel, size: 10 }] },
      });
      const steps = [
        { name: 'first' },
        step('one', labels.fs, [{ name: '<STDIN>.first' }]),
        step('two', labels.other, [{ name: '<STDIN>.first' }]),
      ];
      const told = await runHere(JSON.stringify({ stages: { s: steps } }));
      expect(told.failures).toEqual([]);
      expect(disk.partitions()).toHaveLength(4);
      expect([disk.signature(3, 'LABEL'), disk.signature(4, 'LABEL')].sort()).toEqual([
        labels.fs,
        labels.other,
      ]);
    });
  });

  describe('a disk', () => {
    it('without a table gets one only when it is asked for, with the id that the name gives', async () => {
      attach(60);
      const additions = { add_partitions: [{ fsLabel: labels.fs, size: 20 }] };
      const refused = await layOut(additions);
      expect(refused.failures).toEqual([expect.stringContaining('`init_disk: true` writes one')]);
      const device = { path: disk.node, init_disk: true, disk_name: 'data' };
      const told = await runHere(oneStep({ layout: { device, ...additions } }));
      expect(told.failures).toEqual([]);
      const id = execFileSync('python3', [
        '-c',
        'import uuid; print(uuid.uuid5(uuid.NAMESPACE_URL, "data"))',
      ]);
      expect(tool('sfdisk', ['--disk-id', disk.node]).trim().toLowerCase()).toBe(
        id.toString().trim(),
      );
      expect(disk.signature(1, 'LABEL')).toBe(labels.fs);
      const image = readFileSync(disk.image);
      expect((await runHere(oneStep({ layout: { device, ...additions } }))).failures).toEqual([]);
      expect(readFileSync(disk.image).equals(image)).toBe(true);
    });

    it('that holds a file system gets no table', async () => {
      attach(60);
      tool('mkfs.ext4', ['-q', '-L', labels.fs, disk.node]);
      const before = readFileSync(disk.image);
      const device = { label: labels.fs, init_disk: true };
      const told = await runHere(oneStep({ layout: { device } }));
      expect(told.failures).toEqual([expect.stringContaining('there is something on it (ext4)')]);
      expect(readFileSync(disk.image).equals(before)).toBe(true);
    });

    it('is found by the label of a file system, by that of a partition, and by a script', async () => {
      attach(80, { script: `label: gpt\nsize=20MiB, name="${labels.other}"\n` });
      tool('mkfs.ext4', ['-q', '-L', labels.fs, disk.partition(1)]);
      for (const [index, device] of [
        { label: labels.fs },
        { label: labels.other },
        { path: `script://echo ${disk.node}` },
      ].entries()) {
        const pLabel = `added ${String(index)}`;
        const added = { pLabel, size: 5, filesystem: 'none' };
        const told = await runHere(oneStep({ layout: { device, add_partitions: [added] } }));
        expect(told.failures).toEqual([]);
      }
      expect(disk.partitions()).toHaveLength(4);
    });

    it('is not guessed when two have the label', async () => {
      const first = attach(40, { script: 'label: gpt\nsize=20MiB\n' });
      const second = attach(40, { script: 'label: gpt\nsize=20MiB\n' });
      for (const one of [first, second]) {
        tool('mkfs.ext4', ['-q', '-L', labels.fs, one.partition(1)]);
      }
      const told = await runHere(
        oneStep({ layout: { device: { label: labels.fs }, expand_partition: { size: 0 } } }),
      );
      expect(told.failures).toEqual([expect.stringContaining('name the disk by its path')]);
    });
  });
});
