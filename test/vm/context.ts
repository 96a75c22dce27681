/** What the scenarios of a walk share: the trees, a built disk for each, and how to tell what happens. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { changeVariables, EMPTY_BLOCK, encodeBlock } from '../../src/boot/environment-block.ts';
import { buildDisk, type BuiltDisk } from '../../src/media/build-disk.ts';
import { INSTALL_YAML } from '../../src/sandbox/field-manual.ts';
import { makePackageRepository } from '../../src/sandbox/package.ts';
import { makeImage } from '../../src/media/ext-file-system.ts';
import { MIB } from '../../src/media/partition-layout.ts';
import { diskFiles, type DiskFiles } from './disk-files.ts';
import { VmError } from './failure.ts';
import { startMachine, type Machine, type MachineOptions } from './machine.ts';
import { makeBusyboxTree } from './trees/busybox-tree.ts';
import { deriveTree, IMAGE_MEBIBYTES } from './trees/vendor-files.ts';
import { makeSystemdTree } from './trees/systemd-tree.ts';

const run = promisify(execFile);

/** `dracut` is `systemd` with an initramfs of that. */
export type TreeKind = 'busybox' | 'systemd' | 'dracut';
/** What is on a disk: a system made from a tree, or nothing. */
export type DiskKind = TreeKind | 'empty';

export interface StartableDisk {
  readonly files: DiskFiles;
  /** Powers a machine on with it. */
  start(options?: Partial<MachineOptions>): Promise<Machine>;
}

/** A disk to work on: a copy of a built one, so that scenarios do not meet. */
export interface WorkingDisk extends StartableDisk {
  readonly path: string;
  readonly built: BuiltDisk;
}

export interface BootedStart {
  /** What is prepared in the same way has the same name. */
  readonly name: string;
  readonly kind: DiskKind;
  readonly options?: Partial<MachineOptions>;
  /** Before it boots, on its disk. */
  readonly prepare?: (disk: WorkingDisk) => Promise<void>;
  /** Once it runs, and before it falls asleep. */
  readonly first?: (machine: Machine) => Promise<void>;
}

export interface BootedMachine {
  readonly machine: Machine;
  readonly disk: WorkingDisk;
  /** Path of the disk that this one was copied from: as it was when the machine fell asleep, for all of its name. */
  readonly original: string;
}

export interface WalkContext {
  readonly folder: string;
  /** Runs a part and prints how long it took. */
  readonly part: <T>(title: string, work: () => Promise<T>) => Promise<T>;
  readonly note: (line: string) => void;
  /** A root tree of version 1.0, made on first use; another version is derived from it. */
  tree(kind: TreeKind, version?: string): Promise<string>;
  /** An image file with this tree, to be lent to a machine as a drive: what it upgrades to. */
  source(kind: TreeKind, version: string): Promise<string>;
  /** A fresh copy of the disk with 1.0 on it, or of one with nothing. */
  disk(kind: DiskKind): Promise<WorkingDisk>;
  /**
   * A machine that runs, on a disk of its own, in a second: the first of a name boots, the others wake from its memory. `record`: as in
   * {@link MachineOptions}, from waking on.
   */
  readonly booted: (start: BootedStart, record?: string) => Promise<BootedMachine>;
  /** A working copy of a disk file that a scenario made. */
  readonly copyOf: (path: string, built: BuiltDisk) => Promise<WorkingDisk>;
  /** Fails the walk unless it holds. */
  readonly check: (holds: boolean, promise: string) => void;
  readonly timings: readonly { readonly title: string; readonly seconds: number }[];
}

/** Where the machine sees what it upgrades to, once {@link mountNext} was called. */
export const NEXT = '/run/next';

/** Mounts the first lent drive where the configuration of every tree looks for the next system. */
export async function mountNext(machine: Machine): Promise<void> {
  await machine.sure(['mkdir', '-p', NEXT]);
  await machine.sure(['mount', '-o', 'ro', '/dev/vdb', NEXT]);
}

/** Makes the context of a walk; `end` removes everything that it made. */
export async function createContext(
  bundle: string,
  print: (line: string) => void,
): Promise<WalkContext & { readonly end: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'slotwright-walk-'));
  const [onceText, onceDisk] = [remembering<string>(), remembering<BuiltDisk>()];
  const onceAsleep = remembering<Asleep>();
  const timings: { title: string; seconds: number }[] = [];
  let copies = 0;

  const note = (line: string): void => print(`   ${line}`);
  const part: WalkContext['part'] = async (title, work) => {
    print(title);
    const start = performance.now();
    const result = await work();
    const seconds = (performance.now() - start) / 1000;
    timings.push({ title, seconds });
    note(`(${seconds.toFixed(1)} s)`);
    return result;
  };
  const tree: WalkContext['tree'] = async (kind, version = '1.0') =>
    onceText(`tree ${kind} ${version}`, async () => {
      const root = join(folder, `${kind}-${version}`);
      if (version === '1.0') await makeTree(kind, root, { version, bundle }, note);
      else await deriveTree(await tree(kind), root, version);
      return root;
    });
  const persistent = async (): Promise<string> =>
    onceText('persistent', async () => {
      const data = join(folder, 'persistent');
      await mkdir(data);
      await makePackageRepository(join(data, 'rpms'), join(folder, 'scratch'));
      return data;
    });
  const built = async (kind: DiskKind): Promise<BuiltDisk> =>
    onceDisk(kind, async () => {
      if (kind === 'empty') return emptyDisk(join(folder, 'empty.raw'));
      const hook = join(folder, 'install.yaml');
      await writeFile(hook, INSTALL_YAML);
      const environment = join(folder, 'grubenv');
      await writeFile(environment, encodeBlock(changeVariables(EMPTY_BLOCK, { timeout: '1' })));
      return buildDisk(
        {
          root: await tree(kind),
          output: join(folder, `${kind}.raw`),
          oem: [hook, environment],
          persistent: await persistent(),
          mebibytes: { image: IMAGE_MEBIBYTES, state: 1800, recovery: 1200, persistent: 256 },
          date: '2026-01-01T00:00:00Z',
        },
        { signal: new AbortController().signal, note },
      );
    });
  const copyOf = async (original: string, from: BuiltDisk): Promise<WorkingDisk> => {
    const path = join(folder, `disk-${(copies += 1)}.raw`);
    await run('cp', ['--sparse=auto', '--reflink=auto', original, path]);
    return {
      path,
      built: from,
      files: diskFiles(path, from.partitions),
      start: async (options) => startMachine({ disk: path, ...options }),
    };
  };
  const disk: WalkContext['disk'] = async (kind) => {
    const original = await built(kind);
    return copyOf(original.output, original);
  };
  return {
    folder,
    part,
    note,
    tree,
    timings,
    source: async (kind, version) =>
      onceText(`source ${kind} ${version}`, async () => {
        const path = join(folder, `${kind}-${version}.img`);
        const root = await tree(kind, version);
        const image = { tree: root, label: 'NEXT', bytes: IMAGE_MEBIBYTES * MIB };
        await makeImage(path, image, new AbortController().signal);
        return path;
      }),
    disk,
    copyOf,
    booted: async ({ name, kind, options = {}, prepare, first: work }, record) => {
      const asleep = await onceAsleep(name, async () => {
        const first = await disk(kind);
        await prepare?.(first);
        const machine = await first.start(options);
        try {
          await machine.ready();
          await work?.(machine);
          await machine.sure(['sync']);
          const memory = `${first.path}.memory`;
          await machine.hibernate(memory);
          return { memory, original: first.path, built: first.built };
        } finally {
          await machine.cutPower();
        }
      });
      const woken = await copyOf(asleep.original, asleep.built);
      const recording = record === undefined ? {} : { record };
      const machine = await woken.start({ ...options, ...recording, wake: asleep.memory });
      return { machine, disk: woken, original: asleep.original };
    },
    check: (holds, promise) => {
      if (!holds) throw new VmError(`it does not hold: ${promise}`);
      note(`yes  ${promise}`);
    },
    end: async () => rm(folder, { recursive: true, force: true }),
  };
}

/** Sparse, and large enough for partitions of the default sizes. */
async function emptyDisk(output: string): Promise<BuiltDisk> {
  const bytes = 16 * 2 ** 30;
  await writeFile(output, '');
  await truncate(output, bytes);
  return { output, bytes, imageBytes: 0, partitions: [], hookFailures: [] };
}

async function makeTree(
  kind: TreeKind,
  root: string,
  given: { readonly version: string; readonly bundle: string },
  note: (line: string) => void,
): Promise<void> {
  if (kind === 'busybox') return makeBusyboxTree(root, given, note);
  const maker = kind === 'dracut' ? 'dracut' : 'initramfs-tools';
  return makeSystemdTree(root, { ...given, maker }, note);
}

interface Asleep {
  readonly memory: string;
  /** Its disk of that moment. */
  readonly original: string;
  readonly built: BuiltDisk;
}

/** Makes a thing once for each key. */
function remembering<T>(): (key: string, make: () => Promise<T>) => Promise<T> {
  const made = new Map<string, Promise<T>>();
  return async (key, make) => {
    const found = made.get(key) ?? make();
    made.set(key, found);
    return found;
  };
}
