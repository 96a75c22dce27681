import type { Partition } from '../../src/system/port.ts';
import { placeOf, type Step, type StepContext } from '../step.ts';
import { requestOf } from '../upgrade-request.ts';
import { makeFileSystem } from './format-partitions.ts';

const LABELS = { persistent: 'COS_PERSISTENT', oem: 'COS_OEM' } as const;
/** Of these a new one can be made in place of a damaged one. What is anything else, an encrypted volume for instance, is not ours to replace. */
const REPLACED: readonly (string | undefined)[] = [undefined, 'ext2', 'ext3', 'ext4', 'xfs'];

/**
 * COS_PERSISTENT or COS_OEM that the user asked to erase and that cannot be mounted any more gets a new file system: what is on it was to
 * go anyway (law 6). One that can be mounted keeps its file system and is emptied by `erase-volumes`.
 */
export const formatVolumes: Step = {
  name: 'format-volumes',
  title: 'Make file systems anew that were named and cannot be mounted',
  needs: [],
  // Cut in the middle it cannot be mounted either, and is made again.
  whenInterrupted: 'probe',
  skip: (context) => (requestOf(context).erase.length === 0 ? 'no partition was named' : undefined),
  touches: () => [],

  async run(context) {
    const { device, system } = context;
    const formatted: string[] = [];
    for (const role of requestOf(context).erase) {
      const partition = device.partitions.find((candidate) => candidate.role === role);
      if (partition === undefined || !REPLACED.includes(partition.fs)) continue;
      if (await canBeMounted(context, partition)) continue;
      const fileSystem = { fs: partition.fs ?? 'ext4', label: partition.label ?? LABELS[role] };
      const hint =
        'look at "dmesg"; without --reset-persistent and --reset-oem both stay as they are';
      await makeFileSystem(system, partition.device, fileSystem, hint);
      formatted.push(partition.device);
    }
    return formatted.length === 0
      ? undefined
      : { formatted, said: `made anew: ${formatted.join(', ')}` };
  },
};

async function canBeMounted(
  { system, device }: StepContext,
  { device: source, role }: Partition,
): Promise<boolean> {
  const at = placeOf(device, role) ?? '';
  if ((await system.mounts.list()).some((mount) => mount.at === at)) return true;
  try {
    await system.mounts.mount({ kind: 'device', source, at, mode: 'rw' });
  } catch {
    return false;
  }
  await system.mounts.unmount(at);
  return true;
}
