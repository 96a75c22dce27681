/**
 * Describes a powered-off disk file for the judgement of the laws, in both views: GRUB's, which takes the blocks as they are, and
 * the kernel's, which replays the journals first. Nothing here asks the tool what it did.
 */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { copyDisk, type Disk } from '../sandbox/disk.ts';
import { HOST_PATH } from '../sandbox/host-command.ts';
import { openJsonlStore } from '../../state/jsonl-store.ts';
import { STATE_DIRECTORY } from '../../state/state-directory.ts';
import { SlotwrightError } from '../errors.ts';
import { partitionsOf, type ColdPartition } from './cold-partitions.ts';
import { readAsGrub } from './grub-view.ts';
import { createImageReader, type ImageReader } from './image-reader.ts';
import type { DiskFacts, ImageFacts, ImageSight } from './laws.ts';
import { whileMounted } from './mounted-read-only.ts';
import { treeEntries } from './tree-entries.ts';

/** Contents ({@link DiskFacts} calls them so) of the versions that were made: any other image is broken. */
export type Versions = ReadonlySet<string> | 'any';

export interface DiskReader {
  /** The disk is read, never written. `held` is empty: nothing runs. */
  read(disk: Disk, versions: Versions): Promise<DiskFacts>;
}

/** Needs root, loop devices and `grub-fstest`. Copies and what is remembered of images live below `scratch`. */
export function createDiskReader(scratch: string): DiskReader {
  const images = createImageReader(scratch);
  return {
    read: async (disk, versions) => {
      const folder = await mkdtemp(join(scratch, 'facts-'));
      try {
        const look = { disk, folder, images, versions, partitions: await partitionsOf(disk.path) };
        const [grub, kernel] = await Promise.all([asGrub(look), asKernel(look)]);
        return { ...grub, ...kernel, held: [] };
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

interface Look {
  readonly disk: Disk;
  readonly folder: string;
  readonly images: ImageReader;
  readonly versions: Versions;
  readonly partitions: readonly ColdPartition[];
}

async function asGrub(look: Look): Promise<Pick<DiskFacts, 'loader' | 'loaderRecovery'>> {
  const [active, passive, recovery] = [
    await sightOf(look, 'state', 'active'),
    await sightOf(look, 'state', 'passive'),
    await sightOf(look, 'recovery', 'recovery'),
  ];
  return { loader: [{ active, passive }], loaderRecovery: [recovery] };
}

async function sightOf(look: Look, role: string, slot: string): Promise<ImageSight> {
  const partition = look.partitions.find(({ name }) => name === role)?.number;
  if (partition === undefined) return 'absent';
  const copy = join(look.folder, `grub-${slot}`);
  const sight = await readAsGrub(look.disk.path, { partition, path: `/cOS/${slot}.img`, copy });
  if (typeof sight === 'string') return sight;
  try {
    return await factsOf(look, sight.copy, '');
  } finally {
    await rm(sight.copy);
  }
}

type KernelFacts = Pick<DiskFacts, 'images' | 'names' | 'userData' | 'log'>;

async function asKernel(look: Look): Promise<KernelFacts> {
  const copy = await copyDisk(look.disk, join(look.folder, 'disk'));
  const partitions = look.partitions.filter(({ name }) => ROLES.includes(name));
  const fileSystems = partitions.map(({ offset, bytes }) => ({
    file: copy.path,
    offset,
    bytes,
    journal: 'replay' as const,
  }));
  const facts = await whileMounted(fileSystems, async (roots): Promise<KernelFacts> => {
    const rootOf = (role: string): string | undefined =>
      roots[partitions.findIndex(({ name }) => name === role)];
    const folders = [
      join(rootOf('state') ?? NOWHERE, 'cOS'),
      join(rootOf('recovery') ?? NOWHERE, 'cOS'),
    ];
    const names = await Promise.all(folders.map(namesIn));
    const images: Record<string, ImageFacts> = {};
    for (const [index, folder] of folders.entries()) {
      for (const name of names[index] ?? []) {
        const found = await stat(join(folder, name));
        if (!found.isFile() || !name.endsWith('.img')) continue;
        images[name] = await factsOf(look, join(folder, name), String(found.ino));
      }
    }
    return {
      images,
      names: names.flat(),
      userData: {
        ...(await filesIn(rootOf('oem'), '/oem')),
        ...(await filesIn(rootOf('persistent'), '/usr/local')),
      },
      log: await logIn(rootOf('state')),
    };
  });
  const damage = await damageOf(copy, partitions);
  return damage === undefined ? facts : { ...facts, log: { damage } };
}

const ROLES = ['oem', 'recovery', 'state', 'persistent'];

/** For partitions that are not there. */
const NOWHERE = '/proc/self/nowhere';

async function factsOf({ images, versions }: Look, path: string, id: string): Promise<ImageFacts> {
  const { condition, ...rest } = await images.read(path);
  const complete = condition === 'sound' && (versions === 'any' || versions.has(rest.content));
  return { id, ...rest, condition: complete ? 'complete' : 'broken' };
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}

async function filesIn(root: string | undefined, at: string): Promise<Record<string, string>> {
  if (root === undefined) return {};
  return Object.fromEntries(
    [...(await treeEntries(root))].map(([path, line]) => [at + path, line]),
  );
}

async function logIn(root: string | undefined): Promise<DiskFacts['log']> {
  if (root === undefined) return { damage: 'COS_STATE cannot be mounted' };
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
  { path }: Disk,
  partitions: readonly ColdPartition[],
): Promise<string | undefined> {
  for (const { name, offset } of partitions) {
    const { exitCode, stdout } = await execa(
      'e2fsck',
      ['-fn', `${path}?offset=${String(offset)}`],
      {
        env: { PATH: HOST_PATH, LC_ALL: 'C' },
        reject: false,
      },
    );
    if (exitCode === UNCORRECTED) return `the ${name} partition is damaged: ${stdout.trim()}`;
  }
  return undefined;
}

/** Exit code of e2fsck; others say that it is no ext file system, for instance. */
const UNCORRECTED = 4;
