import { access, readFile, statfs } from 'node:fs/promises';
import { SystemError } from '../../errors.ts';
import { listBlockDevices } from './block-device.ts';
import { describeDisk } from './disk-facts.ts';
import { divideDisk } from './disk-table.ts';
import { doing } from './file-error.ts';
import { formatDevice, formatterOf } from './format-device.ts';
import { packageOf } from './command-error.ts';
import { readMounts } from './mountinfo.ts';
import type { DisksPort, Partition, Role } from '../port.ts';
import type { BlockDevice } from './block-device.ts';
import type { Exec } from './exec.ts';
import type { MountEntry } from './mountinfo.ts';

/**
 * Partitions are found by probing every device: by GPT name first, then by file-system label, as the reference does.
 * No udev link is trusted or needed. A device without a node in /dev is passed over.
 */
export function createDisks(exec: Exec): DisksPort {
  return {
    partitions: async () => {
      const devices = await withNodes(await listBlockDevices());
      // At once: each is a process that waits for its own disk.
      const [probed, mounts] = await Promise.all([
        Promise.all(devices.map((device) => probe(exec, device))),
        readMounts(),
      ]);
      return devices.flatMap((device, index) =>
        partitionOf(device, probed[index] ?? new Map(), mounts),
      );
    },
    free: (path) =>
      doing(`read the free space of ${path}`, async () => {
        const { bfree, bsize } = await statfs(path);
        return bfree * bsize;
      }),
    missing: ({ table, fileSystems }) => missingPrograms(exec, table, fileSystems),
    describe: describeDisk,
    divide: (disk, table) => divideDisk(exec, disk, table),
    format: (device, fileSystem) => formatDevice(exec, device, fileSystem),
  };
}

/** The file systems of images are always made by mke2fs. */
async function missingPrograms(
  exec: Exec,
  table: 'made' | 'kept',
  fileSystems: readonly string[],
): Promise<readonly string[]> {
  const divides = table === 'made' ? ['sfdisk', 'partx', ...fileSystems.map(formatterOf)] : [];
  const missing: string[] = [];
  for (const tool of new Set([...divides, 'mke2fs', 'tune2fs', 'e2fsck'])) {
    // Any answer will do, a complaint about the flag, too.
    const said = await exec.read(tool, ['--version']).catch((error: unknown) => error);
    const absent = said instanceof SystemError && said.code === 'tool-missing';
    if (absent) missing.push(`${tool} (package ${packageOf(tool)})`);
  }
  for (const fs of fileSystems) {
    if (!(await isKnownToKernel(exec, fs))) missing.push(`the file system ${fs} in the kernel`);
  }
  return missing;
}

async function isKnownToKernel(exec: Exec, named: string): Promise<boolean> {
  const fs = named === 'fat' ? 'vfat' : named;
  const known = async (): Promise<boolean> =>
    (await readFile('/proc/filesystems', 'utf8'))
      .split('\n')
      .some((line) => line.endsWith(`\t${fs}`));
  if (await known()) return true;
  await exec.read('modprobe', ['-q', fs]).catch(() => undefined);
  return known();
}

/** Tags of a device as `blkid -p -o export` prints them. */
export function parseTags(text: string): Tags {
  return new Map(text.split('\n').flatMap(parseTag));
}

type Tags = ReadonlyMap<string, string>;

const GPT_NAMES: ReadonlyMap<string, Role> = new Map(
  (['efi', 'oem', 'recovery', 'state', 'persistent', 'bios'] as const).map((role) => [role, role]),
);

const LABELS: ReadonlyMap<string, Role> = new Map<string, Role>([
  ['COS_GRUB', 'efi'],
  ['COS_OEM', 'oem'],
  ['COS_RECOVERY', 'recovery'],
  ['COS_STATE', 'state'],
  ['COS_PERSISTENT', 'persistent'],
]);

/** sysfs writes a slash in a device name as `!`. */
const nodeOf = (name: string): string => `/dev/${name.replaceAll('!', '/')}`;

const withNodes = async (devices: readonly BlockDevice[]): Promise<readonly BlockDevice[]> => {
  const there = await Promise.all(
    devices.map(({ name }) =>
      access(nodeOf(name)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return devices.filter((_, index) => there[index]);
};

/** One call for each: blkid ends at the first device that it finds nothing on, a blank disk for instance. */
const probe = async (exec: Exec, device: BlockDevice): Promise<Tags> => {
  const node = nodeOf(device.name);
  // 2: nothing known on it, 4 (1): it cannot be read, 8: two file systems on one.
  const accept = [0, 1, 2, 4, 8];
  const { stdout } = await exec.read('blkid', ['-p', '-o', 'export', node], { accept });
  return parseTags(stdout);
};

const parseTag = (line: string): [string, string][] => {
  const equals = line.indexOf('=');
  if (equals < 0) return [];
  return [[line.slice(0, equals), line.slice(equals + 1).replace(/\\(.)/g, '$1')]];
};

const partitionOf = (
  device: BlockDevice,
  tags: Tags,
  mounts: readonly MountEntry[],
): readonly Partition[] => {
  const label = tags.get('LABEL');
  const role = GPT_NAMES.get(tags.get('PART_ENTRY_NAME') ?? '') ?? LABELS.get(label ?? '');
  // A container (LUKS, LVM, RAID) is not the file system; what it holds is a device of its own.
  if (role === undefined || CONTAINERS.has(tags.get('USAGE') ?? '')) return [];
  const fs = tags.get('TYPE');
  const mountedAt = placeOf(device, mounts);
  return [
    {
      role,
      device: nodeOf(device.name),
      disk: nodeOf(device.disk),
      bytes: device.bytes,
      ...(label === undefined ? {} : { label }),
      ...(fs === undefined ? {} : { fs }),
      ...(mountedAt === undefined ? {} : { mountedAt }),
    },
  ];
};

const CONTAINERS: ReadonlySet<string> = new Set(['crypto', 'raid']);

/** By device number: the source of a mount is only a text. btrfs has numbers of its own, there the text must do. */
const placeOf = (device: BlockDevice, mounts: readonly MountEntry[]): string | undefined =>
  mounts.find(
    (entry) =>
      (entry.device === device.number && entry.root === '/') ||
      (entry.fs === 'btrfs' && entry.source === nodeOf(device.name)),
  )?.at;
