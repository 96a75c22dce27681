/** What `install` refuses on real disks, each with the disk's bytes before and after. Needs root. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LoopDisk, tool } from '../support/cloud-init/loop-disk.ts';
import { Installer, OWN_LABELS } from '../support/install/installer.ts';

const isRoot = process.getuid?.() === 0;
const LONG = 600_000;

/** How a disk is when the command comes, and what is to be undone afterwards. */
type Scene = (disk: LoopDisk, installer: Installer) => Given;
interface Given {
  /** Default: the disk. */
  readonly device?: string;
  readonly flags?: readonly string[];
  /** The number of a partition that the kernel may write to by itself: compared no further than its first page. */
  readonly kernels?: number;
  readonly undo?: () => void;
}

const divided = (disk: LoopDisk): string => {
  tool('sfdisk', ['--quiet', '--no-reread', disk.node], 'label: gpt\nsize=300MiB\n');
  tool('partx', ['--update', disk.node]);
  return disk.partition(1);
};
/** Partitions without a system; names are what they are found by. */
const keepable = (disk: LoopDisk, names: readonly string[]): void => {
  const lines = names.map((name) => `size=700MiB, name=${name}`).join('\n');
  tool('sfdisk', ['--quiet', '--no-reread', disk.node], `label: gpt\n${lines}\n`);
  tool('partx', ['--update', disk.node]);
  for (const [index, name] of names.entries()) {
    const label = `T_${name.toUpperCase()}`;
    tool('mke2fs', ['-q', '-F', '-t', 'ext4', '-L', label, disk.partition(index + 1)]);
  }
};
const withConfig = (installer: Installer, name: string, text: string): Given => ({
  flags: ['--config-dir', installer.config(name, text)],
});

const SCENES: readonly (readonly [string, number, string, Scene])[] = [
  ['a partition', 47, 'is not a disk', (disk) => ({ device: divided(disk) })],
  [
    'a mounted disk',
    47,
    'is mounted at',
    (disk, { folder }) => {
      const part = divided(disk);
      tool('mke2fs', ['-q', '-F', part]);
      tool('mkdir', ['-p', `${folder}/at`]);
      tool('mount', ['-o', 'ro', part, `${folder}/at`]);
      return { undo: () => tool('umount', [`${folder}/at`]) };
    },
  ],
  [
    'a disk that is mounted behind another loop device',
    47,
    'is behind /dev/loop',
    (disk) => {
      const loop = tool('losetup', ['-f', '--show', divided(disk)]).trim();
      return { undo: () => tool('losetup', ['-d', loop]) };
    },
  ],
  [
    'swap',
    47,
    'is swap',
    (disk) => {
      const part = divided(disk);
      tool('mkswap', [part]);
      tool('swapon', [part]);
      // Under memory pressure pages are moved there at any moment.
      return { kernels: 1, undo: () => tool('swapoff', [part]) };
    },
  ],
  [
    'a read-only disk',
    47,
    'cannot be written to',
    (disk) => {
      tool('blockdev', ['--setro', disk.node]);
      return { undo: () => tool('blockdev', ['--setrw', disk.node]) };
    },
  ],
  [
    'labels that another disk has',
    47,
    'has the label T_FOREIGN already',
    (_disk, installer) => {
      const other = new LoopDisk(64, { script: 'label: gpt\nsize=32MiB, name=oem\n' });
      tool('mke2fs', ['-q', '-F', '-L', 'T_FOREIGN', other.partition(1)]);
      const given = withConfig(
        installer,
        'foreign',
        OWN_LABELS.replace('label: T_OEM', 'label: T_FOREIGN'),
      );
      return { ...given, undo: () => other.discard() };
    },
  ],
  [
    'a disk that is too small',
    94,
    'too few',
    (_disk, installer) =>
      withConfig(installer, 'large', OWN_LABELS.replace('size: 900', 'size: 9000')),
  ],
  [
    'a state partition on which no upgrade would fit',
    94,
    'the next one beside them',
    (_disk, installer) =>
      withConfig(installer, 'tight', OWN_LABELS.replace('size: 900', 'size: 600')),
  ],
  [
    'an image that is smaller than its content',
    94,
    'cannot hold its source',
    (_disk, installer) => withConfig(installer, 'least', `${OWN_LABELS}  system: {size: 1}\n`),
  ],
  [
    'a setting that cannot be understood',
    33,
    'install.no-format cannot be understood',
    (_disk, installer) => withConfig(installer, 'typo', `${OWN_LABELS}  no-format: ja\n`),
  ],
  ['EFI without a GPT', 33, 'do not go together', () => ({ flags: EFI_MSDOS })],
  [
    'a configuration that is no file',
    53,
    'it is no file',
    () => ({ flags: ['--cloud-init', '/dev/zero'] }),
  ],
  [
    'a configuration by another way than HTTP',
    53,
    'addresses are http',
    () => ({ flags: ['--cloud-init', 'ftp://server/site.yaml'] }),
  ],
  ['a medium that is not there', 53, 'cannot be read', () => ({ flags: ['--iso', '/none.iso'] })],
  [
    'a medium that is none',
    53,
    'cannot be read as a medium',
    (_disk, { folder }) => {
      writeFileSync(`${folder}/text.iso`, 'no medium\n'.repeat(1000));
      return { flags: ['--iso', `${folder}/text.iso`] };
    },
  ],
  [
    'partitions to be kept, and none there',
    54,
    'no state partition',
    () => ({ flags: ['--no-format'] }),
  ],
  [
    'partitions to be kept without recovery',
    54,
    'no recovery partition',
    (disk) => {
      keepable(disk, ['state', 'oem']);
      return { flags: ['--no-format'] };
    },
  ],
  [
    'partitions to be kept without OEM, which configuration goes to',
    54,
    'no OEM partition',
    (disk) => {
      keepable(disk, ['state', 'recovery']);
      return { flags: ['--no-format', '--cloud-init', 'oem.yaml'] };
    },
  ],
  [
    'partitions to be kept without EFI, on a machine that needs it',
    54,
    'no EFI partition',
    (disk) => {
      keepable(disk, ['state', 'recovery', 'oem']);
      return { flags: ['--no-format', '--firmware', 'efi'] };
    },
  ],
];
const EFI_MSDOS = ['--firmware', 'efi', '--part-table', 'msdos'];

describe.skipIf(!isRoot)('an installation is refused, and the disk is what it was:', () => {
  let installer: Installer;
  beforeAll(async () => {
    installer = await Installer.make();
  });
  afterAll(() => installer.discard());

  it.each(SCENES)('%s', { timeout: LONG }, async (_what, exit, said, scene) => {
    const disk = installer.disk();
    let undo: (() => void) | undefined;
    try {
      const given = scene(disk, installer);
      undo = given.undo;
      const config = installer.config('own', OWN_LABELS);
      const before = digestOf(disk, given.kernels);
      const ended = await installer.run(
        ...['install', given.device ?? disk.node, '--system.uri', `dir:${installer.tree}`],
        ...['--config-dir', config, '--firmware', 'bios', ...(given.flags ?? [])],
      );
      expect(ended.stderr).toContain(said);
      expect(ended.stderr).toContain('next:');
      expect(ended.exit).toBe(exit);
      expect(digestOf(disk, given.kernels)).toBe(before);
    } finally {
      undo?.();
      disk.discard();
    }
  });

  it('one whose sectors no BIOS can read', async () => {
    const disk = new LoopDisk(3072, { sectorBytes: 4096 });
    try {
      const before = digestOf(disk);
      const { exit, stderr } = await installer.run(
        ...['install', disk.node, '--system.uri', `dir:${installer.tree}`, '--firmware', 'bios'],
      );
      expect(stderr).toContain('its sectors have 4096 bytes');
      expect(exit).toBe(47);
      expect(digestOf(disk)).toBe(before);
    } finally {
      disk.discard();
    }
  });

  it.each([
    ['what is not there', '/dev/none', 'there is no /dev/none'],
    ['a file', '/etc/hostname', 'is not a disk'],
    ['a character device', '/dev/null', 'is not a disk'],
  ])('%s', async (_what, device, said) => {
    const ended = await installer.run(
      ...['install', device, '--system.uri', `dir:${installer.tree}`],
    );
    expect(ended.stderr).toContain(said);
    expect(ended.exit).toBe(47);
  });
});

/** Of its bytes; only those that are no zeroes are read, and which of the zeroes are holes makes no difference. */
function digestOf(disk: LoopDisk, kernels?: number): string {
  const theirs = kernels === undefined ? [] : pagesOf(disk, kernels);
  const digest = `
    set -e; cd "$1"; sync disk.raw; cp --sparse=always disk.raw copy; shift
    if [ $# -gt 0 ]; then fallocate --punch-hole "$@" copy; fi
    tar --sparse --mtime=@0 -cf - copy | md5sum; rm copy`;
  return tool('sh', ['-c', digest, 'sh', disk.folder, ...theirs]);
}

/** Where the pages of swap are, which come after one that says what it is. */
function pagesOf(disk: LoopDisk, number: number): readonly string[] {
  const page = 4096;
  const listed = disk.partitions()[number - 1];
  if (listed === undefined) throw new Error(`there is no partition ${number}`);
  const bytes = (sectors: number) => sectors * 512;
  const from = bytes(listed.start) + page;
  return ['--offset', `${from}`, '--length', `${bytes(listed.size) - page}`];
}
