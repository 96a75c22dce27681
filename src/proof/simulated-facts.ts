/** Describes a simulated machine, dead or alive, for the judgement of the laws. */
import { bootViews } from '../system/simulated/cold-machine.ts';
import type { ColdMachine } from '../system/simulated/cold-machine.ts';
import { contentDigest } from '../system/simulated/content.ts';
import { mustBeChained, segmentsIn } from '../system/simulated/event-store.ts';
import type { ImageInode } from '../system/simulated/inode.ts';
import type { SimulatedMachine } from '../system/simulated/machine.ts';
import type { Sight } from '../system/simulated/boot-view.ts';
import { childrenOf, EMPTY_TREE, inodeAt } from '../system/simulated/tree.ts';
import type { Tree } from '../system/simulated/tree.ts';
import type { DiskFacts, ImageFacts, ImageSight } from './laws.ts';

/** What is left after a cut. */
export function factsOf(cold: ColdMachine): DiskFacts {
  const views = bootViews(cold);
  const trees = (['state', 'recovery'] as const).map((role) => cold.disks.get(role)?.tree);
  const present = trees.filter((tree) => tree !== undefined);
  return {
    loader: views.state.map(({ active, passive }) => ({
      active: sightOf(active),
      passive: sightOf(passive),
    })),
    loaderRecovery: views.recovery.map((sight) => sightOf(sight)),
    images: Object.fromEntries(present.flatMap(imagesIn)),
    names: present.flatMap((tree) => childrenOf(tree, '/cOS')),
    userData: Object.fromEntries([
      ...filesIn(cold.disks.get('oem')?.tree, '/oem'),
      ...filesIn(cold.disks.get('persistent')?.tree, '/usr/local'),
    ]),
    log: logIn(cold.disks.get('state')?.tree ?? EMPTY_TREE),
    held: [],
  };
}

/** What there is when a command has ended: what a cut would leave now, and what is still held. */
export function factsNow(machine: SimulatedMachine): DiskFacts {
  return { ...factsOf(machine.cut('lost')), held: heldBy(machine) };
}

/** Content of the image that this machine runs. */
export function runningContent(machine: SimulatedMachine): string | undefined {
  const root = machine.mounts.find(({ at }) => at === '/')?.root;
  if (root?.in !== 'image') return undefined;
  const inode = machine.fileSystem(root.fs).tree.inodes.get(root.ino);
  return inode?.kind === 'image' ? contentDigest(inode.contents) : undefined;
}

function heldBy(machine: SimulatedMachine): readonly string[] {
  const open = [...machine.descriptors].filter(([, count]) => count > 0);
  const frozen = machine.roles().filter((role) => machine.disk(role).freeze === 'frozen');
  const changed = machine.mounts.filter(
    ({ by, root, mode, outside = mode }) =>
      by === 'boot' &&
      root.fs !== 'state' &&
      mode !== outside &&
      !machine.fileSystem(root.fs).keepsNameless,
  );
  const writable = machine.roles().filter((role) => role === 'state' || role === 'recovery');
  return [
    ...machine.toolMounts().map(({ at, source }) => `${source} is mounted at ${at}`),
    ...[...machine.locks].map((name) => `${name} is locked`),
    ...[...machine.processes].map((name) => `${name} runs`),
    ...open.map(([name]) => `files of ${name} are open`),
    ...frozen.map((role) => `${role} is frozen`),
    ...changed.map(({ at, mode, outside }) => `${at} is ${mode} and was ${outside ?? mode}`),
    ...writable
      .map((role) => machine.disk(role))
      .filter(({ mode, keepsNameless }) => mode === 'rw' && !keepsNameless)
      .map(({ facts }) => `${facts.label} is writable`),
  ];
}

function sightOf(sight: Sight): ImageSight {
  return typeof sight === 'string' ? sight : imageFacts(sight, '');
}

function imageFacts(image: ImageInode, id: string): ImageFacts {
  const complete = image.filled === 'complete' && image.condition === 'sound';
  return {
    id,
    ...(image.label === '' ? {} : { label: image.label }),
    ...(image.fs === 'squashfs' ? { squashfs: true as const } : {}),
    condition: complete ? 'complete' : 'broken',
    content: contentDigest(image.contents),
  };
}

function imagesIn(tree: Tree): readonly (readonly [string, ImageFacts])[] {
  return childrenOf(tree, '/cOS').flatMap((name) => {
    const ino = tree.names.get(`/cOS/${name}`);
    const inode = inodeAt(tree, `/cOS/${name}`);
    return inode?.kind === 'image' ? [[name, imageFacts(inode, String(ino))] as const] : [];
  });
}

function filesIn(tree: Tree | undefined, at: string): readonly (readonly [string, string])[] {
  if (tree === undefined) return [];
  return [...tree.names].flatMap(([path, ino]) => {
    const inode = tree.inodes.get(ino);
    return inode?.kind === 'text' ? [[at + path, inode.text] as const] : [];
  });
}

function logIn(tree: Tree): DiskFacts['log'] {
  const segments = segmentsIn(tree);
  try {
    mustBeChained(segments);
  } catch (error) {
    return { damage: error instanceof Error ? error.message : String(error) };
  }
  return segments.map(({ records }) => records);
}
