/** The hooks of a disk that is built (spec 3.9, 4.1): three stages on the machine that builds, one inside the system that the disk gets. */
import { lstat, mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ConfigError, UsageError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { StagesPort } from '../system/port.ts';
import { runProgram } from './host-program.ts';
import { resolveInside } from './root-tree.ts';

const EXITS = {
  'before-disk': EXIT.beforeDisk,
  'after-disk-chroot': EXIT.afterDiskChroot,
  'after-disk': EXIT.afterDisk,
  'post-disk': EXIT.postDisk,
} as const;

export type DiskStage = keyof typeof EXITS;

export interface HookWork {
  readonly stages: StagesPort;
  readonly signal: AbortSignal;
  readonly note: (line: string) => void;
}

/** What hooks of a disk come from, beside the places of the machine that builds. */
export interface HookSources {
  readonly root: string;
  /** Files for COS_OEM. */
  readonly oem: readonly string[];
  readonly persistent?: string;
  /** A hook that fails ends the build. */
  readonly strict: boolean;
}

/** Runs the hooks of a stage; in `root` where that is given. Answers with what failed; where hooks are strict that ends the build. */
export async function runDiskStage(
  stage: DiskStage,
  sources: HookSources,
  work: HookWork,
  root?: string,
): Promise<readonly string[]> {
  const { stages, signal, note } = work;
  const { failures } = await stages.run({
    stage,
    ...(root === undefined ? {} : { root }),
    extraPaths: root === undefined ? givenPaths(sources) : [],
    environment: {
      ELEMENTAL_OPERATION: 'build-disk',
      ELEMENTAL_STAGE: stage,
      ELEMENTAL_ROOT: root === undefined ? sources.root : '/',
      ELEMENTAL_SOURCE: `dir://${sources.root}`,
    },
    signal,
    emit: async () => undefined,
    show: (text) => text.split('\n').forEach((line) => line === '' || note(line)),
  });
  const [first, ...others] = failures;
  for (const failure of failures) note(`a hook of stage ${stage} failed: ${failure}`);
  if (first === undefined || !sources.strict) return failures;
  throw new ConfigError({
    code: 'hook-failed',
    message: `a hook of stage ${stage} failed: ${first}`,
    ...(others.length === 0 ? {} : { reason: `and ${others.length} more: ${others.join('; ')}` }),
    hint:
      stage === 'post-disk'
        ? 'the disk is there; correct the file for the next one'
        : 'correct the file and build again; no disk was made',
    exit: EXITS[stage],
  });
}

/** Whether the system of the disk has hooks that change it: then it is copied first, and the tree stays as it is. */
export async function hasChrootHooks(sources: HookSources): Promise<boolean> {
  const places = [
    { root: sources.root, name: '/system/oem' },
    ...givenPaths(sources).map((name) => ({ root: '/', name })),
  ];
  for (const place of places) if (await mentions('after-disk-chroot', place)) return true;
  return false;
}

/** Refuses hooks that only root could run. */
export function mustBeRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new UsageError({
    code: 'needs-root',
    message: 'the hooks of stage after-disk-chroot need root',
    reason: 'they run inside the system of the disk',
    hint: 'run it again as root, for instance with sudo',
    exit: EXIT.notRoot,
  });
}

/**
 * Copies the tree into a staging directory and runs the hooks in the copy, with what COS_OEM and COS_PERSISTENT will hold (the folders `oem`
 * and `persistent` beside it) at /oem and /usr/local. Answers with the path of the copy, and with what failed; the folders hold what the hooks
 * made of them.
 */
export async function treeWithHooks(
  sources: HookSources,
  staging: string,
  work: HookWork,
): Promise<{ readonly tree: string; readonly failures: readonly string[] }> {
  const at = (name: string): string => join(staging, name);
  const tree = at('tree');
  await mkdir(tree);
  await copyContent(sources.root, tree, work.signal);
  if (sources.persistent !== undefined) {
    await copyContent(sources.persistent, at('persistent'), work.signal);
  }
  // Lent by their names: nothing is mounted, and nothing has to be unmounted when this process dies.
  const lent: Lent[] = [];
  for (const [folder, name] of [
    ['oem', '/oem'],
    ['persistent', '/usr/local'],
  ] as const) {
    const place = (await resolveInside(tree, name)) ?? join(tree, name);
    const aside = at(`${folder}-of-the-tree`);
    const { ino } = await lstat(at(folder));
    await rename(place, aside);
    await rename(at(folder), place);
    lent.push({ name, place, aside, folder: at(folder), ino });
  }
  const failures = await runDiskStage('after-disk-chroot', sources, work, tree);
  for (const one of lent) await takeBack(tree, one);
  return { tree, failures };
}

interface Lent {
  readonly name: string;
  readonly place: string;
  readonly aside: string;
  readonly folder: string;
  readonly ino: number;
}

/** A hook may have put a link in its way, which would lead out of the tree. */
async function takeBack(tree: string, { name, place, aside, folder, ino }: Lent): Promise<void> {
  const now = await resolveInside(tree, name);
  if (now !== place || (await lstat(now)).ino !== ino) {
    throw new ConfigError({
      code: 'hook-failed',
      message: `a hook of stage after-disk-chroot moved ${name}`,
      reason: 'it is a partition of the disk, which has its content from there',
      hint: 'let the hook leave the directory where it is; no disk was made',
      exit: EXIT.afterDiskChroot,
    });
  }
  await rename(place, folder);
  await rename(aside, place);
}

/** Everything that is in a directory, with owners, modes, attributes and hard links. */
async function copyContent(from: string, to: string, signal: AbortSignal): Promise<void> {
  await runProgram('cp', ['-a', '--reflink=auto', '--', `${from}/.`, to], { signal });
}

const givenPaths = ({ oem, persistent }: HookSources): readonly string[] => [
  ...oem.map((file) => resolve(file)),
  ...(persistent === undefined ? [] : [join(resolve(persistent), 'cloud-config')]),
];

/** Links are followed as inside the root. */
async function mentions(
  word: string,
  {
    root,
    name,
    depth = 0,
  }: { readonly root: string; readonly name: string; readonly depth?: number },
): Promise<boolean> {
  const path = await resolveInside(root, name);
  const found = path === undefined ? undefined : await lstat(path);
  if (path === undefined || depth > DEEPEST) return false;
  if (found?.isFile() === true) return (await readFile(path, 'utf8')).includes(word);
  for (const entry of found?.isDirectory() === true ? await readdir(path) : []) {
    if (await mentions(word, { root, name: `${name}/${entry}`, depth: depth + 1 })) return true;
  }
  return false;
}

/** A link may lead to a directory above it. */
const DEEPEST = 8;
