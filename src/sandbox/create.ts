import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { debianArchive, makeDebianTree } from './debian-tree.ts';
import { buildDisk } from './disk.ts';
import { INSTALL_YAML } from './field-manual.ts';
import type { SandboxFileSystem } from './file-system.ts';
import { makePackageRepository } from './package.ts';
import {
  claimPlace,
  emptyPlace,
  writeFacts,
  type SandboxFacts,
  type SandboxPlace,
} from './place.ts';
import { makeTinyTree } from './tiny-tree.ts';

/** What a sandbox is made of. Without anything: a Debian system, a newer one, and the field manual's hook. */
export interface SandboxRecipe {
  /** Installed system: `debian`, `tiny` (no network, no package manager), or a root tree of your own. */
  readonly system?: string;
  /** Upgrade source: a root tree or an image file. Default: a newer one of the same kind as `system`. */
  readonly next?: string;
  /** Hook files, or a directory of them, copied to /oem. Default: the example of the field manual. */
  readonly oem?: readonly string[];
  /** Directory that COS_PERSISTENT is filled with. Default: a repository with the package of the example. */
  readonly persistent?: string;
  readonly stateFs?: SandboxFileSystem;
}

/** Makes the disk of a sandbox, replacing an earlier one in the same place. `note` gets one line per part. */
export async function createSandbox(
  place: SandboxPlace,
  recipe: SandboxRecipe,
  note: (line: string) => void,
): Promise<void> {
  await claimPlace(place);
  await emptyPlace(place);
  const trees = await makeTrees(place, recipe, note);
  const persistent = await persistentData(place, recipe, note);
  const oem =
    recipe.oem === undefined ? { 'install.yaml': INSTALL_YAML } : await hookTexts(recipe.oem);
  await buildDisk({
    path: place.disk,
    trees: { active: trees.installed },
    oem,
    persistent,
    ...(recipe.stateFs === undefined ? {} : { stateFs: recipe.stateFs }),
  });
  note(`disk: ${place.disk}`);
  // It lives on the disk now.
  if (trees.installed.startsWith(place.trees) && trees.next !== trees.installed) {
    await rm(trees.installed, { recursive: true });
  }
  await writeConfig(place, trees.next);
  await writeFacts(place, trees);
}

/** Where the sandbox sees its upgrade source. */
export const NEXT_INSIDE = '/run/slotwright/next';

interface Trees extends SandboxFacts {
  readonly installed: string;
}

async function makeTrees(
  place: SandboxPlace,
  recipe: SandboxRecipe,
  note: (line: string) => void,
): Promise<Trees> {
  const system = recipe.system ?? 'debian';
  const [v1, v2] = [join(place.trees, 'v1'), join(place.trees, 'v2')];
  const next = recipe.next === undefined ? v2 : resolve(recipe.next);
  if (system === 'debian') {
    const archive = await debianArchive(place.cache, process.execPath, note);
    note(`root tree: ${basename(archive)}`);
    await makeDebianTree({ path: v1, archive, version: '1.0' });
    if (next === v2) await makeDebianTree({ path: v2, archive, version: '2.0' });
    return { installed: v1, next, userland: 'image' };
  }
  if (system === 'tiny') {
    await makeTinyTree({ path: v1, version: '1.0' });
    if (next === v2) await makeTinyTree({ path: v2, version: '2.0' });
    return { installed: v1, next, userland: 'host' };
  }
  const installed = resolve(system);
  if (!(await isDirectory(installed))) throw notATree(installed);
  return { installed, next: next === v2 ? installed : next, userland: 'image' };
}

async function persistentData(
  place: SandboxPlace,
  recipe: SandboxRecipe,
  note: (line: string) => void,
): Promise<string> {
  if (recipe.persistent !== undefined) return resolve(recipe.persistent);
  await mkdir(place.persistent, { recursive: true });
  if ((recipe.system ?? 'debian') === 'debian' && recipe.oem === undefined) {
    await makePackageRepository(join(place.persistent, 'rpms'), join(place.folder, 'scratch'));
    note('package: vim, in /usr/local/rpms');
  }
  return place.persistent;
}

/** The configuration that makes a bare `elemental upgrade` find its source. */
async function writeConfig(place: SandboxPlace, next: string): Promise<void> {
  const scheme = (await isDirectory(next)) ? 'dir' : 'file';
  await writeFile(place.config, `upgrade:\n  system:\n    uri: ${scheme}://${NEXT_INSIDE}\n`);
}

/** Text of hook files by the name they get in /oem. */
export async function hookTexts(paths: readonly string[]): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const path of paths.map((one) => resolve(one))) {
    const names = (await isDirectory(path))
      ? (await readdir(path)).map((name) => join(path, name))
      : [path];
    const hooks = names.filter((one) => /\.ya?ml$/.test(one));
    if (hooks.length === 0) throw noHooks(path, 'hooks are files that end in .yaml or .yml');
    for (const name of hooks) {
      const text = await readFile(name, 'utf8').catch((error: unknown) => {
        throw noHooks(name, error instanceof Error ? error.message : String(error));
      });
      found[basename(name)] = text;
    }
  }
  return found;
}

function noHooks(path: string, reason: string): UsageError {
  return new UsageError({
    code: 'no-hooks',
    message: `${path} is no hook file`,
    reason,
    hint: 'name a hook file, or a directory that holds some',
    exit: EXIT.statFile,
  });
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function notATree(path: string): UsageError {
  return new UsageError({
    code: 'not-a-root-tree',
    message: `${path} is not a root tree`,
    reason: 'there is no such directory',
    hint: 'name a directory that holds a root file system, or "debian", or "tiny"',
  });
}
