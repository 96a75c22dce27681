import { setTimeout } from 'node:timers/promises';
import type { Step } from '../step.ts';
import type { TargetFiles } from '../target.ts';
import { EntryError } from './entry-error.ts';
import { kernelEntry, kernelNumber, mountedDevices } from './layout-mounts.ts';
import type { PartContext } from './part.ts';
import { pairsOf, readProgram } from './read-program.ts';
import { isSuccess } from './run-program.ts';
import { targetPath } from './target-path.ts';

/** The disk to partition. */
export interface Disk {
  readonly node: string;
  readonly bytes: number;
  /** Of one sector, which is what partition tables count in. */
  readonly sectorBytes: number;
  /** The partition that `path` named, where it did not name the disk itself. */
  readonly partition?: string;
}

/** A device with a signature, as blkid sees it. */
export interface LabelledDevice {
  readonly node: string;
  readonly type: string;
  readonly label: string;
  readonly partitionName: string;
}

type Wanted = NonNullable<NonNullable<Step['layout']>['device']>;

/** Devices come up while the first stages run: a label is looked for this often. */
const tries = 5;

/**
 * The disk that `device` names. `path` wins over `label`; it may be a disk, a partition or a mount point (then the disk
 * below it is meant), or `script://` and shell text that prints one of these. A label is that of a file system, else of a
 * partition; when it is on two disks, nobody can know which one is meant, and that is an error.
 */
export async function findDisk(
  wanted: Wanted,
  context: PartContext,
  pauseMilliseconds = 1000,
): Promise<Disk> {
  if (wanted.path) {
    return diskOf(await nodeAt(await givenPath(wanted.path, context), context), context);
  }
  const label = wanted.label ?? '';
  for (let attempt = 1; ; attempt += 1) {
    const found = matching(await labelledDevices(context), label);
    const disks = new Map<string, Disk>();
    for (const { node } of found) {
      const end = await endOfLinks(node, context.target.files);
      const { node: disk, bytes, sectorBytes } = await diskOf(end, context);
      disks.set(disk, { node: disk, bytes, sectorBytes });
    }
    const [only, second] = disks.values();
    if (second !== undefined) {
      const names = [...disks.keys()].join(' and ');
      throw new EntryError(`the label ${label} is on ${names}: name the disk by its path`);
    }
    if (only !== undefined) {
      return only;
    }
    if (attempt === tries) {
      throw new EntryError(`there is no disk with the label ${label}`);
    }
    await setTimeout(pauseMilliseconds, undefined, { signal: context.signal }).catch(
      () => undefined,
    );
  }
}

/** Every device that blkid finds a signature or a partition name on; probed anew, never from a cache. */
export async function labelledDevices(context: PartContext): Promise<readonly LabelledDevice[]> {
  const argv = ['blkid', '--cache-file', '/dev/null', '--output', 'export'] as const;
  const { text } = await readProgram(context, argv);
  return text.split(/\n\n+/).flatMap((block) => {
    const pairs = pairsOf(block);
    const node = pairs.get('DEVNAME');
    return node === undefined
      ? []
      : [
          {
            node,
            type: pairs.get('TYPE') ?? '',
            label: pairs.get('LABEL') ?? '',
            partitionName: pairs.get('PARTLABEL') ?? '',
          },
        ];
  });
}

function matching(devices: readonly LabelledDevice[], label: string): readonly LabelledDevice[] {
  const byFileSystem = devices.filter((device) => device.label === label);
  return byFileSystem.length > 0
    ? byFileSystem
    : devices.filter((device) => device.partitionName === label);
}

async function givenPath(path: string, context: PartContext): Promise<string> {
  const script = /^script:\/\/(.+)$/s.exec(path)?.[1];
  if (script === undefined) {
    return path;
  }
  const { result, text } = await readProgram(context, ['/bin/sh', '-c', script]);
  const printed = text.trim();
  if (!isSuccess(result) || !/^\/\S+$/.test(printed)) {
    throw new EntryError(`the script of \`device.path\` gave no path but: ${printed || 'nothing'}`);
  }
  return printed;
}

/** The device node at a path: links end at it, a mount point stands for the device that is mounted there. */
async function nodeAt(given: string, context: PartContext): Promise<string> {
  const { files } = context.target;
  const path = await endOfLinks(targetPath(given), files);
  const found = await files.stat(path, 'follow');
  if (found === undefined) {
    throw new EntryError(`there is no disk ${given}`);
  }
  if (found.kind === 'file') {
    throw new EntryError(`${given} is a file and no disk`);
  }
  if (found.kind !== 'directory') {
    return path;
  }
  const mount = (await mountedDevices(context)).findLast(({ at }) => at === path);
  const place = await files.readLink(`/sys/dev/block/${mount?.number ?? ''}`);
  if (place !== undefined) {
    return `/dev/${(place.split('/').at(-1) ?? '').replaceAll('!', '/')}`;
  }
  if (mount?.source.startsWith('/dev/') !== true) {
    throw new EntryError(`${given} is a directory on which no disk is mounted`);
  }
  return endOfLinks(mount.source, files);
}

async function endOfLinks(path: string, files: TargetFiles): Promise<string> {
  let at = path;
  for (let followed = 0; followed < 40; followed += 1) {
    const link = await files.readLink(at);
    if (link === undefined) {
      return at;
    }
    at = targetPath(link.startsWith('/') ? link : `${at}/../${link}`);
  }
  throw new EntryError(`${path} has too many links`);
}

/** The kernel's own view: a partition lies below its disk in /sys. */
async function diskOf(node: string, context: PartContext): Promise<Disk> {
  const { files } = context.target;
  const entry = kernelEntry(node);
  const place = await files.readLink(entry);
  if (place === undefined) {
    throw new EntryError(`${node} is no disk that the kernel knows`);
  }
  if ((await files.stat(`${entry}/partition`, 'follow')) !== undefined) {
    const parent = place.split('/').at(-2) ?? '';
    const disk = await diskOf(`/dev/${parent.replaceAll('!', '/')}`, context);
    return { ...disk, partition: node };
  }
  if ((await files.stat(`${entry}/dm`, 'follow')) !== undefined) {
    throw new EntryError(
      `${node} is a volume of the device mapper, which the kernel does not divide into partitions: name the disk below it by its path`,
    );
  }
  const sectors = (await kernelNumber(node, 'size', context)) ?? 0;
  const sectorBytes = (await kernelNumber(node, 'queue/logical_block_size', context)) ?? 512;
  return { node, bytes: sectors * 512, sectorBytes };
}
