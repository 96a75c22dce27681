/** A tiny machine that is upgraded by the real command, again and again, from the same beginning. */
import { chmod, cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createDiskReader } from '../disk-facts.ts';
import { missingForGrubView } from '../grub-view.ts';
import type { Before, DiskFacts } from '../laws.ts';
import { treeDigest } from '../tree-entries.ts';
import { bootDisk, type Booted } from '../../sandbox/boot.ts';
import type { Disk, DiskRecipe } from '../../sandbox/disk.ts';
import { missingForRealMachine } from '../../sandbox/requirements.ts';
import type { Slot } from '../../system/port.ts';
import { tinyMachine } from '../../sandbox/tiny-machine.ts';

/** Why the proofs on real disks cannot run here, or `undefined`. */
export async function missingForRig(): Promise<string | undefined> {
  return (await missingForRealMachine()) ?? (await missingForGrubView());
}

export interface RigRecipe extends Partial<Omit<DiskRecipe, 'path' | 'trees'>> {
  /** Files that hooks put into the new system: path and text. */
  readonly byHooks?: Readonly<Record<string, string>>;
  /** The same of other hooks, which may take their place. */
  readonly otherHooks?: readonly Readonly<Record<string, string>>[];
  /** The program to prove, in one file; it is given the folder of the rig. */
  readonly program: (folder: string) => string;
  /** Text of a file in /etc/elemental/config.d. Default: images of 16 MiB. */
  readonly config?: string;
  readonly ballastBytes?: number;
}

export interface Rig {
  readonly folder: string;
  /** Contents (see `DiskFacts`) of the installed system and of the next one with what hooks put into it. */
  readonly contents: {
    readonly installed: string;
    readonly next: string;
    /** Of the next system with what other hooks put into it. */
    readonly others: readonly string[];
  };
  /** The machine before anything happened to it. */
  readonly before: Before;
  /** The next system, as the tool inside is told: `dir:/..` or `file:/..`. */
  readonly source: string;
  /** A copy of the disk that nobody has booted. */
  fresh(): Promise<Disk>;
  /** `lend`: further host paths, by their place inside. */
  boot(disk: Disk, slot: Slot, lend?: Readonly<Record<string, string>>): Promise<Booted>;
  /** What is on a powered-off disk; images of other contents than the two are broken. */
  facts(disk: Disk): Promise<DiskFacts>;
  /** Paths in which an image of this content is not the next system; empty where that is not known. */
  readonly differences?: (content: string) => readonly string[];
  destroy(): Promise<void>;
}

/** The new system, inside. */
export const NEXT = '/run/next';
export const upgradeTo = (source: string) =>
  ['elemental', 'upgrade', '--system.uri', source] as const;
export const resetTo = (source: string) => ['elemental', 'reset', '--system.uri', source] as const;
export const deployOf = (source: string) => ['elemental', 'deploy', source] as const;
export const upgradeRecoveryTo = (source: string) =>
  ['elemental', 'upgrade', '--recovery', '--recovery-system.uri', source] as const;
export const UPGRADE = upgradeTo(`dir:${NEXT}`);
export const RESET = resetTo(`dir:${NEXT}`);
export const RESUME = ['elemental', 'resume'] as const;

export const SMALL_IMAGES = `
upgrade:
  system: {size: 16}
  recovery-system: {size: 16}
reset:
  system: {size: 16}
`;

/**
 * From half a GiB on a file system has blocks of 4 KiB, as on a real machine. In blocks of 1 KiB an image begins with a hole, and GRUB
 * 2.06 cannot read such a file.
 */
const MEBIBYTES = { state: 520, recovery: 520, oem: 16, persistent: 16 };

export async function createRig(recipe: RigRecipe): Promise<Rig> {
  const {
    program: make,
    byHooks = {},
    otherHooks = [],
    config = SMALL_IMAGES,
    mebibytes,
    ...rest
  } = recipe;
  const machine = await tinyMachine({ ...rest, mebibytes: { ...MEBIBYTES, ...mebibytes } });
  const { folder, trees } = machine;
  const program = make(folder);
  await writeFile(join(folder, 'config.yaml'), config);
  const reader = createDiskReader(folder);
  const scratch = join(folder, 'expected');
  const others: string[] = [];
  for (const files of otherHooks) others.push(await expectedContent(trees.v2, scratch, files));
  const contents = {
    installed: await treeDigest(trees.v1),
    next: await expectedContent(trees.v2, scratch, byHooks),
    others,
  };
  const versions = new Set([contents.installed, contents.next, ...others]);
  const facts = (disk: Disk): Promise<DiskFacts> => reader.read(disk, versions);
  return {
    folder,
    contents,
    before: { facts: await facts(machine.disk), lastGood: contents.installed, hookFiles: [] },
    source: `dir:${NEXT}`,
    fresh: () => machine.fresh(),
    facts,
    boot: (disk, slot, lend = {}) =>
      bootDisk(disk, {
        slot,
        userland: 'host',
        lend: {
          '/run/slotwright/bin/node': process.execPath,
          '/run/slotwright/bin/elemental': program,
          '/etc/elemental/config.d/test.yaml': join(folder, 'config.yaml'),
          [NEXT]: trees.v2,
          ...lend,
        },
      }),
    destroy: () => machine.destroy(),
  };
}

/** What the new system holds when every byte of the source and of the hooks has arrived. */
export async function expectedContent(
  source: string,
  scratch: string,
  byHooks: Readonly<Record<string, string>>,
): Promise<string> {
  await cp(source, scratch, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  // Left out of every source, and made as the new system needs them (spec 1.2, 3.1).
  for (const name of ['mnt', 'proc', 'sys', 'dev', 'tmp', 'run']) {
    await rm(join(scratch, name), { recursive: true });
  }
  for (const [name, mode] of [
    ['dev', 0o755],
    ['run', 0o755],
    ['proc', 0o555],
    ['sys', 0o555],
    ['tmp', 0o1777],
  ] as const) {
    await mkdir(join(scratch, name));
    await chmod(join(scratch, name), mode);
  }
  for (const [path, text] of Object.entries(byHooks)) {
    await mkdir(dirname(join(scratch, path)), { recursive: true });
    await writeFile(join(scratch, path), text);
  }
  const content = await treeDigest(scratch);
  await rm(scratch, { recursive: true });
  return content;
}
