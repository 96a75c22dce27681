/** The machine that a user's image and hooks are proved on: a tiny system that gets them, on a disk file that is copied for each cut. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bootDisk } from '../../sandbox/boot.ts';
import { buildDisk, copyDisk } from '../../sandbox/disk.ts';
import { hostCommand } from '../../sandbox/host-command.ts';
import { makeTinyTree } from '../../sandbox/tiny-tree.ts';
import type { ImageSource } from '../../system/port.ts';
import { NEXT, SMALL_IMAGES, type Rig } from '../cuts/rig.ts';
import { createDiskReader } from '../disk-facts.ts';
import { createImageReader } from '../image-reader.ts';
import { digestOfEntries, treeDigest } from '../tree-entries.ts';

export interface ProofMachineRecipe {
  /** Empty directory for all of it. */
  readonly folder: string;
  /** What is installed by the operations. Default: a tiny system. */
  readonly image?: {
    readonly source: ImageSource;
    /** Of the slot it becomes. */ readonly bytes: number;
  };
  /** Text of hook files by their name in /oem. */
  readonly hooks: Readonly<Record<string, string>>;
  /** Directory whose content COS_PERSISTENT gets. */
  readonly persistent?: string;
  /** The program to prove, in one file. */
  readonly program: string;
}

export interface ProofMachine {
  /** Takes every image whose files can be read for complete; knows no contents. */
  readonly rig: Rig;
  /** Knows the content of the next system, and leaves out of every image what differs from run to run. */
  readonly knowing: (
    next: ReadonlyMap<string, string>,
    leftOut: ReadonlySet<string>,
  ) => Promise<Rig>;
}

const MIB = 2 ** 20;

export async function createProofMachine(recipe: ProofMachineRecipe): Promise<ProofMachine> {
  const { folder, image, hooks, persistent, program } = recipe;
  const installed = join(folder, 'installed');
  await makeTinyTree({ path: installed, version: '1' });
  const next = image?.source.path ?? join(folder, 'next');
  if (image === undefined) await makeTinyTree({ path: next, version: '2' });
  const config = join(folder, 'config.yaml');
  await writeFile(config, image === undefined ? SMALL_IMAGES : '');
  const room = Math.ceil((image?.bytes ?? 16 * MIB) / MIB);
  const disk = await buildDisk({
    path: join(folder, 'disk.img'),
    trees: { active: installed },
    oem: hooks,
    ...(persistent === undefined ? {} : { persistent }),
    mebibytes: {
      // A reset makes two; GRUB needs blocks of 4 KiB, which file systems have from half a GiB on.
      state: 2 * room + 512,
      recovery: room + 512,
      persistent: 256 + (persistent === undefined ? 0 : await mebibytesOf(persistent)),
    },
  });
  const source = `${image?.source.kind ?? 'dir'}:${NEXT}`;
  const everything = createDiskReader(folder);
  const before = { facts: await everything.read(disk, 'any'), hookFiles: [] };
  let copies = 0;
  const rig: Rig = {
    folder,
    source,
    contents: { installed: '', next: '', others: [] },
    before,
    fresh: () => copyDisk(disk, join(folder, `fresh-${String((copies += 1))}.img`)),
    boot: (booted, slot, lend = {}) =>
      bootDisk(booted, {
        slot,
        userland: 'host',
        lend: {
          '/run/slotwright/bin/node': process.execPath,
          '/run/slotwright/bin/elemental': program,
          '/run/slotwright/bin/slotwright': program,
          '/etc/elemental/config.d/proof.yaml': config,
          [NEXT]: next,
          ...lend,
        },
      }),
    facts: (looked) => everything.read(looked, 'any'),
    destroy: () => Promise.resolve(),
  };
  return {
    rig,
    knowing: async (entries, leftOut) => {
      const wanted = (path: string): boolean => !leftOut.has(path);
      const expected = new Map([...entries].filter(([path]) => wanted(path)));
      const contents = {
        installed: await treeDigest(installed, wanted),
        next: digestOfEntries(expected),
        others: [],
      };
      const scratch = join(folder, `images-${String((copies += 1))}`);
      await mkdir(scratch);
      const images = createImageReader(scratch, wanted);
      const reader = createDiskReader(scratch, images);
      const versions = new Set([contents.installed, contents.next]);
      return {
        ...rig,
        contents,
        facts: (looked) => reader.read(looked, versions),
        differences: (content) => {
          const found = images.entriesOf(content);
          return found === undefined ? [] : differencesOf(expected, found);
        },
      };
    },
  };
}

/** Paths that are not the same in both, sorted. */
export function differencesOf(
  first: ReadonlyMap<string, string>,
  second: ReadonlyMap<string, string>,
): readonly string[] {
  const paths = new Set([...first.keys(), ...second.keys()]);
  return [...paths].filter((path) => first.get(path) !== second.get(path)).sort();
}

async function mebibytesOf(directory: string): Promise<number> {
  const said = await hostCommand('du', ['--summarize', '--block-size=1M', directory]);
  return Math.ceil(Number.parseInt(said, 10) * 1.2);
}
