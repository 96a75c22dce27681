import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { HAND_ON } from '../../boot/loader.ts';
import { EXIT } from '../../exit-codes.ts';
import { SystemError } from '../../errors.ts';
import { describeDisk, kernelPartitions, type KernelPartition } from './disk-facts.ts';
import { doing } from './file-error.ts';
import type { NewPartition, PartitionTable } from '../port.ts';
import type { Exec } from './exec.ts';

/**
 * First both ends of the disk, with boot code and both tables: from then on nothing boots, and a BIOS goes on to its next device. Then
 * the table, by one run of sfdisk, which leaves that alone unless it wipes. The kernel is told partition by partition, so it need not read
 * the table itself, and other disks are none of our business. It forgets the old ones first: where a new one lies over an old one, or
 * there are fewer than before, `partx --update` leaves a mixture.
 */
export async function divideDisk(
  exec: Exec,
  disk: string,
  table: PartitionTable,
): Promise<readonly string[]> {
  const facts = await describeDisk(disk);
  if (facts === undefined || facts.users.length > 0) throw busy(disk, facts?.users ?? []);
  await doing(`erase ${disk}`, () =>
    eraseEnds(disk, facts.bytes, {
      bootCode: HAND_ON,
      first: async () => {
        await exec.read('udevadm', ['settle', '--timeout=10']).catch(() => undefined);
        if ((await kernelPartitions(disk)).length > 0) {
          await exec.change('partx', ['--delete', disk]);
        }
      },
    }),
  );
  const flags = ['--quiet', '--no-reread', '--no-tell-kernel', '--wipe', 'never'];
  await exec.pipe(
    [
      { tool: 'printf', args: ['%s', scriptOf(table)] },
      { tool: 'sfdisk', args: [...flags, '--wipe-partitions', 'always', disk] },
    ],
    { signal: new AbortController().signal },
  );
  await doing(`write ${disk}`, () => flush(disk));
  await exec.change('partx', ['--update', disk]);
  const nodes = await nodesOf(exec, disk, table.partitions);
  for (const { node, bytes } of nodes) await doing(`erase ${node}`, () => eraseEnds(node, bytes));
  return nodes.map(({ node }) => node);
}

const MIB = 2 ** 20;

/**
 * Signatures of file systems, volumes and RAID lie at either end. Exclusive: a disk that somebody has mounted meanwhile is refused, and
 * nobody mounts a part of it while `first` is done.
 */
const eraseEnds = async (
  device: string,
  bytes: number,
  { first, bootCode }: { first?: () => Promise<void>; bootCode?: Buffer } = {},
): Promise<void> => {
  const file = await open(device, constants.O_RDWR | constants.O_EXCL);
  try {
    await first?.();
    const zeroes = Buffer.alloc(Math.min(MIB, bytes));
    const start = Buffer.from(zeroes);
    bootCode?.copy(start);
    await file.write(start, 0, start.length, 0);
    await file.sync();
    await file.write(zeroes, 0, zeroes.length, bytes - zeroes.length);
    await file.sync();
  } finally {
    await file.close();
  }
};

const flush = async (device: string): Promise<void> => {
  const file = await open(device, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
};

const scriptOf = ({ kind, partitions }: PartitionTable): string => {
  const lines = partitions.map((partition) => {
    const place = `start=${partition.startMiB}MiB, size=${partition.mebibytes}MiB`;
    return kind === 'gpt'
      ? `${place}, type=${GPT_TYPES[partition.type]}, name=${partition.name}`
      : `${place}, type=83${partition.boots ? ', bootable' : ''}`;
  });
  return `label: ${kind === 'gpt' ? 'gpt' : 'dos'}\n${lines.join('\n')}\n`;
};

const GPT_TYPES: Readonly<Record<NewPartition['type'], string>> = {
  bios: '21686148-6449-6E6F-744E-656564454649',
  efi: 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B',
  linux: '0FC63DAF-8483-4772-8E79-3D69D8477DE4',
};

const PAUSE_MS = 250;
const ATTEMPTS = 44;

/** The kernel's word, and then the node, which udev may take its time for. */
const nodesOf = async (
  exec: Exec,
  disk: string,
  wanted: readonly NewPartition[],
): Promise<readonly KernelPartition[]> => {
  await exec.read('udevadm', ['settle', '--timeout=10']).catch(() => undefined);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const found = await kernelPartitions(disk);
    const asWanted =
      found.length === wanted.length &&
      found.every(({ offset }, index) => offset === (wanted[index]?.startMiB ?? 0) * MIB);
    const there = await Promise.all(found.map(({ node }) => isBlockDevice(node)));
    if (asWanted && there.every((is) => is)) return found;
    await setTimeout(PAUSE_MS);
  }
  throw new SystemError({
    code: 'partitions-missing',
    message: `the partitions of ${disk} did not appear`,
    reason: 'the table is written, but the kernel or /dev does not show all of them',
    hint: 'look at "dmesg" and "lsblk", then run the command again',
    exit: EXIT.partitioning,
  });
};

const isBlockDevice = async (node: string): Promise<boolean> =>
  stat(node).then(
    (found) => found.isBlockDevice(),
    () => false,
  );

const busy = (disk: string, users: readonly string[]): SystemError =>
  new SystemError({
    code: 'disk-busy',
    message: `${disk} is in use`,
    reason: users.length === 0 ? 'it is gone' : users.join('; '),
    hint: 'unmount what is on it, or name another disk',
    exit: EXIT.invalidTarget,
  });
