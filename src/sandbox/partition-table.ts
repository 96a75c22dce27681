import { hostCommand } from './host-command.ts';

const MIB = 1024 * 1024;

/** The partitions of an installed system in the order of creation, by GPT name. */
export const SANDBOX_PARTITIONS = ['oem', 'recovery', 'state', 'persistent'] as const;
export type SandboxPartition = (typeof SANDBOX_PARTITIONS)[number];

/** File-system label of each partition; the boot loader and the tools find it by this name. */
export const PARTITION_LABELS = {
  oem: 'COS_OEM',
  recovery: 'COS_RECOVERY',
  state: 'COS_STATE',
  persistent: 'COS_PERSISTENT',
} as const satisfies Record<SandboxPartition, string>;

/** Where a partition lies in the disk file, in bytes. */
export interface Extent {
  readonly offset: number;
  readonly bytes: number;
}

/** Makes a sparse disk file with a GPT of these sizes (MiB) and says where each partition lies. */
export async function writePartitionTable(
  path: string,
  mebibytes: Readonly<Record<SandboxPartition, number>>,
): Promise<Readonly<Record<SandboxPartition, Extent>>> {
  const extents = layOut(mebibytes);
  const end = extents.persistent.offset + extents.persistent.bytes;
  await hostCommand('truncate', ['--size', String(end + MIB), path]);
  const lines = SANDBOX_PARTITIONS.map(
    (name) =>
      `start=${inSectors(extents[name].offset)}, size=${inSectors(extents[name].bytes)}, name=${name}`,
  );
  const script = [
    'label: gpt',
    `start=${inSectors(MIB)}, size=${inSectors(MIB)}, name=bios, type=${BIOS_BOOT}`,
    ...lines,
  ];
  await hostCommand('sfdisk', ['--quiet', '--no-reread', '--no-tell-kernel', path], {
    input: `${script.join('\n')}\n`,
  });
  return extents;
}

const BIOS_BOOT = '21686148-6449-6E6F-744E-656564454649';

function layOut(
  mebibytes: Readonly<Record<SandboxPartition, number>>,
): Record<SandboxPartition, Extent> {
  const oem = { offset: 2 * MIB, bytes: mebibytes.oem * MIB };
  const recovery = { offset: oem.offset + oem.bytes, bytes: mebibytes.recovery * MIB };
  const state = { offset: recovery.offset + recovery.bytes, bytes: mebibytes.state * MIB };
  const persistent = { offset: state.offset + state.bytes, bytes: mebibytes.persistent * MIB };
  return { oem, recovery, state, persistent };
}

function inSectors(bytes: number): string {
  return String(bytes / 512);
}
