/** What a disk is made of, and everything about it that is decided before the first byte is written. */
import { resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { imageBytesFor, leastImageBytes } from './ext-file-system.ts';
import { bytesFor, type DiskType } from './disk-type.ts';
import {
  DEFAULT_MEBIBYTES,
  layOut,
  MIB,
  type DiskExtent,
  type DiskLayout,
  type SizedPartition,
} from './partition-layout.ts';
import { readRootTree, type RootTree } from './root-tree.ts';
import { mustBeForPc } from './tree-machine.ts';

export interface DiskRecipe {
  /** Root tree of all three images. */
  readonly root: string;
  /** Default raw. */
  readonly type?: DiskType;
  /** The disk file to make, without the ending of its type; refused when something has its name. */
  readonly output: string;
  /** Files for the top of COS_OEM; mode 0600, because hooks may hold secrets. */
  readonly oem?: readonly string[];
  /** Directory whose content COS_PERSISTENT gets. */
  readonly persistent?: string;
  /** Labels where the usual ones will not do. */
  readonly labels?: Partial<Record<'oem' | 'recovery', string>>;
  /** Sizes in MiB where the usual ones will not do; `image` is that of each image. */
  readonly mebibytes?: Partial<Record<SizedPartition | 'image', number>>;
  /** Default whole. */
  readonly extent?: DiskExtent;
  /** What deploys the system at the first boot of an expandable disk, for a shell; default {@link DEPLOY}. */
  readonly deployCommand?: string;
  /** A hook that fails ends the build; default: it is told. */
  readonly strict?: boolean;
  /** RFC 3339, for state.yaml. */
  readonly date: string;
}

/** The recovery system that runs, as its boot shows it, into the slots. */
export const DEPLOY =
  'elemental --debug deploy file:///run/initramfs/cos-state/cOS/recovery.img --reboot';

/** File-system labels of partitions and images. `system` is the image on the recovery partition. */
export type DiskLabels = Readonly<Record<SizedPartition | 'active' | 'passive' | 'system', string>>;

export interface DiskPlan {
  readonly recipe: DiskRecipe;
  readonly tree: RootTree;
  readonly labels: DiskLabels;
  readonly layout: DiskLayout;
  readonly extent: DiskExtent;
  /** MiB of the partitions that the first boot of an expandable disk makes; of persistent, absent: the rest. */
  readonly added: { readonly state: number; readonly persistent?: number };
  readonly imageBytes: number;
}

/**
 * Looks at the tree and the sizes; what cannot become a disk that boots and can be upgraded is refused. `root`: where the tree of the
 * recipe lies after hooks changed it.
 */
export async function planDisk(recipe: DiskRecipe, root = recipe.root): Promise<DiskPlan> {
  if (recipe.extent === 'expandable' && recipe.persistent !== undefined) throw noPersistent();
  const labels = { ...LABELS, ...recipe.labels };
  for (const label of Object.values(labels)) refuseLabel(label);
  const tree = await readRootTree(resolve(root));
  await mustBeForPc(tree.path);
  const { image, ...sizes } = recipe.mebibytes ?? {};
  const imageBytes = image === undefined ? imageBytesFor(tree.contentBytes) : image * MIB;
  if (imageBytes < leastImageBytes(tree.contentBytes)) throw imageTooSmall(tree, imageBytes);
  const extent = recipe.extent ?? 'whole';
  const laidOut = layOut(sizes, imageBytes, extent);
  const layout = { ...laidOut, bytes: bytesFor(laidOut.bytes, recipe.type ?? 'raw') };
  const { state = DEFAULT_MEBIBYTES.state, persistent } = sizes;
  const added = { state, ...(persistent === undefined ? {} : { persistent }) };
  return { recipe, tree, labels, imageBytes, layout, extent, added };
}

const LABELS: DiskLabels = {
  efi: 'COS_GRUB',
  oem: 'COS_OEM',
  recovery: 'COS_RECOVERY',
  state: 'COS_STATE',
  persistent: 'COS_PERSISTENT',
  active: 'COS_ACTIVE',
  passive: 'COS_PASSIVE',
  system: 'COS_SYSTEM',
};

/** It becomes a word of the kernel's command line. */
function refuseLabel(label: string): void {
  if (/^[A-Za-z0-9_.-]{1,16}$/.test(label)) return;
  throw new UsageError({
    code: 'label-impossible',
    message: `${JSON.stringify(label)} cannot be the label of a partition`,
    reason: 'a file system keeps sixteen bytes, and the boot menu needs one plain word',
    hint: 'use up to sixteen letters, digits and underscores',
    exit: EXIT.labelImage,
  });
}

function noPersistent(): UsageError {
  return new UsageError({
    code: 'flags-contradict',
    message: '--persistent has no place on an expandable disk',
    reason: 'the persistent partition is made by its first boot',
    hint: 'let a hook file of --oem bring the files, or leave out --expandable',
    exit: EXIT.usage,
  });
}

function imageTooSmall({ path, contentBytes }: RootTree, bytes: number): UsageError {
  const least = Math.ceil(leastImageBytes(contentBytes) / MIB);
  return new UsageError({
    code: 'image-too-small',
    message: `${bytes / MIB} MiB are too few for an image of ${path}`,
    reason: `its content takes ${Math.ceil(contentBytes / MIB)} MiB`,
    hint: `give it at least ${least}, more for what hooks add: --size image=${least}`,
    exit: EXIT.noSpace,
  });
}
