/**
 * Describes a powered-off disk file for the judgement of the laws, in both views: GRUB's, which takes the blocks as they are, and
 * the kernel's, which replays the journals first. Nothing here asks the tool what it did.
 */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { copyDisk, type Disk } from '../sandbox/disk.ts';
import { openJsonlStore } from '../../state/jsonl-store.ts';
import { STATE_DIRECTORY } from '../../state/state-directory.ts';
import { SlotwrightError } from '../errors.ts';
import type { Slot } from '../system/port.ts';
import { partitionsOf, type ColdPartition } from './cold-partitions.ts';
import { readAsGrub } from './grub-view.ts';
import { OWN_HANDS, type Hands } from './hands.ts';
import { createImageReader, type ImageReader } from './image-reader.ts';
import type { DiskFacts, ImageFacts, ImageSight } from './laws.ts';
import { treeEntries } from './tree-entries.ts';

/** Contents ({@link DiskFacts} calls them so) of the versions that were made: any other image is broken. */
export type Versions = ReadonlySet<string> | 'any';

export interface DiskReader {
  /** The disk is read, never written. `held` is empty: nothing runs. */
  read(disk: Disk, versions: Versions): Promise<DiskFacts>;
}

/** The same in parts, for whoever knows some of them already. */
export interface DiskLooks {
  /** One of {@link BOOT_IMAGES}. */
  asGrub(disk: Disk, partition: ColdPartition, slot: Slot): Promise<ImageSight>;
  /** What is on each of these partitions, in their order. Their journals are replayed into the disk. */
  asKernel(disk: Disk, partitions: readonly ColdPartition[]): Promise<readonly KernelSight[]>;
}

/** A partition after its journal was replayed. */
export interface KernelSight {
  readonly images: Readonly<Record<string, ImageFacts>>;
  /** All names in the image folder. */
  readonly names: readonly string[];
  /** Digest of every other file, by its path in a running system: `/oem/..`, `/usr/local/..`; else by its path on the partition. */
  readonly files: Readonly<Record<string, string>>;
  readonly log: DiskFacts['log'];
  /** What a file-system check still finds. */
  readonly damage?: string;
}

/** Where GRUB looks for what it boots: GPT name of the partition. */
export const BOOT_IMAGES = {
  active: 'state',
  passive: 'state',
  recovery: 'recovery',
} as const satisfies Record<Slot, string>;

/** GPT names of the partitions that hold something to judge. */
export const JUDGED_PARTITIONS: readonly string[] = ['oem', 'recovery', 'state', 'persistent'];

/** Needs root, loop devices and `grub-fstest`. Copies and what is remembered of images live below `scratch`. */
export function createDiskReader(scratch: string, images = createImageReader(scratch)): DiskReader {
  return {
    read: async (disk, versions) => {
      const looks = createDiskLooks(scratch, versions, images);
      const all = await partitionsOf(disk.path);
      const partitions = all.filter(({ name }) => JUDGED_PARTITIONS.includes(name));
      const sight = async (slot: Slot): Promise<ImageSight> => {
        const partition = all.find(({ name }) => name === BOOT_IMAGES[slot]);
        return partition === undefined ? 'absent' : looks.asGrub(disk, partition, slot);
      };
      const grub = async () => ({
        active: await sight('active'),
        passive: await sight('passive'),
        recovery: await sight('recovery'),
      });
      const folder = await mkdtemp(join(scratch, 'facts-'));
      const copy = await copyDisk(disk, join(folder, 'disk'));
      const replayed = looks.asKernel(copy, partitions);
      const [loader, kernel] = await Promise.all([grub(), replayed]).finally(() =>
        rm(folder, { recursive: true }),
      );
      const named = new Map(partitions.map(({ name }, index) => [name, kernel[index]]));
      return factsFrom(loader, (name) => named.get(name));
    },
  };
}

/** Puts the facts of a disk together from its parts. */
export function factsFrom(
  { active, passive, recovery }: Readonly<Record<Slot, ImageSight>>,
  partition: (name: string) => KernelSight | undefined,
): DiskFacts {
  const all = JUDGED_PARTITIONS.map((name) => [name, partition(name)] as const);
  const [state, recoveries] = [partition('state'), partition('recovery')];
  const damaged = all.find(([, sight]) => sight?.damage !== undefined);
  return {
    loader: [{ active, passive }],
    loaderRecovery: [recovery],
    images: { ...state?.images, ...recoveries?.images },
    names: [...(state?.names ?? []), ...(recoveries?.names ?? [])],
    userData: { ...partition('oem')?.files, ...partition('persistent')?.files },
    log:
      damaged === undefined
        ? (state?.log ?? UNREADABLE)
        : { damage: `the ${damaged[0]} partition is damaged: ${damaged[1]?.damage ?? ''}` },
    held: [],
  };
}

const UNREADABLE = { damage: 'COS_STATE cannot be mounted' };

/** Needs what a {@link DiskReader} needs. */
export function createDiskLooks(
  scratch: string,
  versions: Versions,
  images = createImageReader(scratch),
  hands = OWN_HANDS,
): DiskLooks {
  const look = { images, versions, hands };
  return {
    asGrub: async (disk, partition, slot) => {
      const folder = await mkdtemp(join(scratch, 'facts-'));
      const sight = sightOf({ ...look, folder }, disk, partition, slot);
      return sight.finally(() => rm(folder, { recursive: true }));
    },
    asKernel: (disk, partitions) => sightsOf({ ...look, folder: scratch }, disk, partitions),
  };
}

interface Look {
  readonly folder: string;
  readonly images: ImageReader;
  readonly versions: Versions;
  readonly hands: Hands;
}

async function sightOf(
  look: Look,
  disk: Disk,
  { number }: ColdPartition,
  slot: Slot,
): Promise<ImageSight> {
  const place = { partition: number, path: `/cOS/${slot}.img`, copy: join(look.folder, slot) };
  const sight = await readAsGrub(disk.path, place, look.hands.run);
  return typeof sight === 'string' ? sight : factsOf(look, sight.copy, '');
}

async function sightsOf(
  look: Look,
  disk: Disk,
  partitions: readonly ColdPartition[],
): Promise<readonly KernelSight[]> {
  if (partitions.length === 0) return [];
  const fileSystems = partitions.map(({ offset, bytes }) => ({
    file: disk.path,
    offset,
    bytes,
    journal: 'replay' as const,
  }));
  const sights = await look.hands.whileMounted(fileSystems, async (roots) => {
    const found: KernelSight[] = [];
    for (const [index, { name }] of partitions.entries()) {
      found.push(await mountedSight(look, name, roots[index]));
    }
    return found;
  });
  const found: KernelSight[] = [];
  for (const [index, sight] of sights.entries()) {
    const damage = await damageOf(look, disk, partitions[index]?.offset ?? 0);
    found.push(damage === undefined ? sight : { ...sight, damage });
  }
  return found;
}

/** Where a running system has these partitions. */
const RUNNING_AT: Readonly<Partial<Record<string, string>>> = {
  oem: '/oem',
  persistent: '/usr/local',
};

async function mountedSight(
  look: Look,
  name: string,
  root: string | undefined,
): Promise<KernelSight> {
  if (root === undefined) return { images: {}, names: [], files: {}, log: UNREADABLE };
  const folder = join(root, 'cOS');
  const names = RUNNING_AT[name] === undefined ? await namesIn(folder) : [];
  const images: Record<string, ImageFacts> = {};
  for (const image of names) {
    const found = await stat(join(folder, image));
    if (!found.isFile() || !image.endsWith('.img')) continue;
    images[image] = await factsOf(look, join(folder, image), String(found.ino));
  }
  const entries = await treeEntries(
    root,
    (path) => images[path.replace('/cOS/', '')] === undefined,
  );
  const files = [...entries].map(
    ([path, line]) => [(RUNNING_AT[name] ?? '') + path, line] as const,
  );
  const log = name === 'state' ? await logIn(root) : [];
  return { images, names, files: Object.fromEntries(files), log };
}

async function factsOf({ images, versions }: Look, path: string, id: string): Promise<ImageFacts> {
  const { condition, ...rest } = await images.read(path);
  const complete = condition === 'sound' && (versions === 'any' || versions.has(rest.content));
  return { id, ...rest, condition: complete ? 'complete' : 'broken' };
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}

async function logIn(root: string): Promise<DiskFacts['log']> {
  const directory = join(root, STATE_DIRECTORY);
  try {
    const store = await openJsonlStore({ directory, clock: STILL, access: 'read' });
    const segments = await store.segments();
    return await Promise.all(segments.map(({ segment }) => store.read(segment)));
  } catch (error) {
    if (error instanceof SlotwrightError) return { damage: error.message };
    throw error;
  }
}

/** A reader records nothing, so it tells no time. */
const STILL = { now: () => '', monotonic: () => 0 };

/** What a file-system check still finds once the journal has been replayed. */
async function damageOf(
  { hands: { run } }: Look,
  { path }: Disk,
  offset: number,
): Promise<string | undefined> {
  const { code, stdout } = await run('e2fsck', '-fn', `${path}?offset=${String(offset)}`);
  return code === UNCORRECTED ? stdout.trim() : undefined;
}

/** Exit code of e2fsck; others say that it is no ext file system, for instance. */
const UNCORRECTED = 4;
