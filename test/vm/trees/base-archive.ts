import { createHash } from 'node:crypto';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hostCommand } from '../../../src/sandbox/host-command.ts';
import { hostPackageArchive, packagesOfLibraries } from '../../../src/sandbox/package-archive.ts';
import { cacheFolder } from './cache.ts';

export interface BaseRecipe {
  readonly name: string;
  /** `extract` only unpacks: quick, nothing is configured. `minbase` is a system as its packages set it up. */
  readonly variant: 'extract' | 'minbase';
  /** Beside the libraries that the host's own Node needs. */
  readonly packages: readonly string[];
}

/** A tar of a minimal system of the host's own release, made once and found by its recipe afterwards. */
export async function baseArchive(
  recipe: BaseRecipe,
  note: (line: string) => void,
): Promise<string> {
  const archive = await hostPackageArchive();
  const libraries = await packagesOfLibraries(process.execPath);
  const packages = [...new Set([...recipe.packages, ...libraries])].sort();
  const key = createHash('sha256')
    .update([archive.suite, process.arch, recipe.variant, ...packages].join('\n'))
    .digest('hex');
  const folder = cacheFolder();
  const path = join(folder, `vm-${recipe.name}-${archive.suite}-${key.slice(0, 12)}.tar`);
  if (await exists(path)) return path;

  note(`fetching ${recipe.name} of ${archive.suite} from the package archive, once`);
  await mkdir(folder, { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  try {
    await hostCommand('mmdebstrap', [
      ...['--quiet', `--variant=${recipe.variant}`, '--format=tar'],
      ...(recipe.variant === 'extract' ? [`--hook-dir=${MERGED_USR}`] : []),
      `--include=${packages.join(',')}`,
      ...['APT::Install-Recommends "false";', ...archive.settings].map(
        (line) => `--aptopt=${line}`,
      ),
      ...LEFT_OUT.map((pattern) => `--dpkgopt=path-exclude=/usr/share/${pattern}/*`),
      ...[archive.suite, unfinished, ...archive.sources],
    ]);
    await rename(unfinished, path);
  } finally {
    await rm(unfinished, { force: true });
  }
  return path;
}

const MERGED_USR = '/usr/share/mmdebstrap/hooks/merged-usr';
const LEFT_OUT = ['doc', 'man', 'info', 'locale', 'lintian'];

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
