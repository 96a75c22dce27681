/** Looks at the disks of a recording, at each thing once: what is equal to a reader of the disk is not read again. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Disk } from '../../sandbox/disk.ts';
import type { Slot } from '../../system/port.ts';
import type { ColdPartition } from '../cold-partitions.ts';
import {
  BOOT_IMAGES,
  factsFrom,
  JUDGED_PARTITIONS,
  type DiskLooks,
  type KernelSight,
} from '../disk-facts.ts';
import type { Run } from '../errands.ts';
import type { DiskFacts, ImageSight } from '../laws.ts';
import { BLOCK, type Content } from './content.ts';
import { whatIsSeen, type Seen } from './what-is-seen.ts';

/** What is to be seen of a disk. */
export interface Sight {
  readonly facts: DiskFacts;
  /** Every file but the images, with its digest. */
  readonly files: Readonly<Record<string, string>>;
}

/** Somebody who looks at one disk at a time. */
export interface Lane {
  readonly looks: DiskLooks;
  readonly run: Run;
}

export interface Sights {
  /** The key is equal for disks that are equal to every reader. What is not known yet is looked at, now or later. */
  of(content: Content): { readonly key: string; readonly look: (lane: Lane) => Promise<Sight> };
  /** Looks that were needed, by view. */
  readonly looks: { grub: number; kernel: number };
}

/** `base`: the disk below all contents. `folder` gets the disks that are built, for as long as they are looked at. */
export function createSights(recorded: {
  readonly base: Disk;
  readonly below: Content;
  readonly folder: string;
}): Sights {
  const { base, below, folder } = recorded;
  const grub = new Map<string, Promise<ImageSight>>();
  const kernel = new Map<string, Promise<KernelSight>>();
  const looks = { grub: 0, kernel: 0 };
  let built = 0;

  /** Whoever asks for the same meanwhile waits for these. */
  const lookAt = (lane: Lane, disk: Promise<Disk>, wanted: readonly Wanted[]): Promise<unknown> => {
    let before: Promise<unknown> = disk;
    for (const { slot, partition, word } of wanted) {
      if (slot === undefined || grub.has(word)) continue;
      looks.grub += 1;
      const sight = before.then(async () => lane.looks.asGrub(await disk, partition, slot));
      grub.set(word, sight);
      before = sight;
    }
    // Last: it replays the journals.
    const mounted = wanted.filter(({ slot, word }) => slot === undefined && !kernel.has(word));
    looks.kernel += mounted.length;
    const partitions = mounted.map(({ partition }) => partition);
    const sights = before.then(async () => lane.looks.asKernel(await disk, partitions));
    for (const [index, { word }] of mounted.entries()) {
      kernel.set(
        word,
        sights.then((all) => all[index] ?? NOTHING),
      );
    }
    return sights;
  };

  return {
    looks,
    of: (content) => {
      const wanted = wantedOf(whatIsSeen(content, below));
      const unknown = wanted.filter(({ slot, word }) =>
        slot === undefined ? !kernel.has(word) : !grub.has(word),
      );
      // The layers below may be written to from now on.
      const blocks = unknown.length === 0 ? [] : [...content.written()];
      const look = async (lane: Lane): Promise<Sight> => {
        if (unknown.length > 0) {
          const path = join(folder, `state-${String((built += 1))}.img`);
          const disk = build(blocks, { base, path, run: lane.run });
          await lookAt(lane, disk, unknown).finally(() => rm(path, { force: true }));
        }
        return sightFrom(wanted, { grub, kernel });
      };
      return { key: wanted.map(({ word }) => word).join(' '), look };
    },
  };
}

const NOTHING: KernelSight = { images: {}, names: [], files: {}, log: [] };

interface Wanted {
  readonly partition: ColdPartition;
  /** GRUB looks for this one; else the kernel looks at all. */
  readonly slot?: Slot;
  readonly word: string;
}

function wantedOf(seen: Seen): readonly Wanted[] {
  const judged = seen.partitions.filter(({ name }) => JUDGED_PARTITIONS.includes(name));
  const slots = Object.entries(BOOT_IMAGES) as readonly (readonly [Slot, string])[];
  return [
    ...slots.flatMap(([slot, name]) =>
      judged
        .filter((partition) => partition.name === name)
        .map((partition) => {
          const word = `${slot} ${seen.grub(partition, `/cOS/${slot}.img`)}`;
          return { partition, slot, word };
        }),
    ),
    ...judged.map((partition) => ({
      partition,
      word: `${partition.name} ${seen.kernel(partition)}`,
    })),
  ];
}

interface Known {
  readonly grub: ReadonlyMap<string, Promise<ImageSight>>;
  readonly kernel: ReadonlyMap<string, Promise<KernelSight>>;
}

async function sightFrom(wanted: readonly Wanted[], { grub, kernel }: Known): Promise<Sight> {
  const loader: Record<Slot, ImageSight> = {
    active: 'absent',
    passive: 'absent',
    recovery: 'absent',
  };
  const partitions = new Map<string, KernelSight>();
  for (const { slot, partition, word } of wanted) {
    if (slot !== undefined) loader[slot] = (await grub.get(word)) ?? 'absent';
    else partitions.set(partition.name, (await kernel.get(word)) ?? NOTHING);
  }
  const facts = factsFrom(loader, (name) => partitions.get(name));
  const files = [...partitions].flatMap(([name, sight]) =>
    Object.entries(sight.files).map(([path, line]) => [`${name}:${path}`, line] as const),
  );
  return { facts, files: Object.fromEntries(files) };
}

/** Makes a disk of these blocks and, for all others, of what is below. */
export async function build(
  blocks: Iterable<readonly [number, Buffer]>,
  { base, path, run }: { readonly base: Disk; readonly path: string; readonly run: Run },
): Promise<Disk> {
  const { code, stderr } = await run('cp', '--sparse=auto', '--reflink=auto', base.path, path);
  if (code !== 0) throw new Error(`no copy of the disk: ${stderr}`);
  const file = openSync(path, 'r+');
  try {
    for (const [number, block] of blocks) writeSync(file, block, 0, BLOCK, number * BLOCK);
  } finally {
    closeSync(file);
  }
  return { path };
}
