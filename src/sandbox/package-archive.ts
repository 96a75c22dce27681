import { realpath } from 'node:fs/promises';
import { SystemError } from '../errors.ts';
import { hostCommand } from './host-command.ts';
import { parseOsRelease } from './os-release.ts';

/** Where the host's own distribution comes from: its suite and the files that name its package archive. */
export interface PackageArchive {
  readonly suite: string;
  /** Files of apt that name it; empty where they could not be told, then mmdebstrap's own default serves. */
  readonly sources: readonly string[];
  /** Settings that apt needs to reach it, as `apt-config dump` prints them. */
  readonly settings: readonly string[];
}

/** Reads the host's own apt configuration. Packages of other vendors are left out. */
export async function hostPackageArchive(): Promise<PackageArchive> {
  const suite = (await parseOsRelease('/etc/os-release')).get('VERSION_CODENAME');
  if (suite === undefined) {
    throw new SystemError({
      code: 'not-debian-like',
      message: 'the Debian root tree cannot be made',
      reason: 'this system names no Debian or Ubuntu release in /etc/os-release',
      hint: 'slotwright sandbox create --tree tiny',
    });
  }
  const targets = await hostCommand('apt-get', [
    'indextargets',
    '--format',
    TARGET,
    'Identifier: Packages',
  ]);
  const files = targets
    .split('\n')
    .map((line) => line.split(' '))
    .filter(
      ([release = '', component = '']) =>
        release.startsWith(suite) && /^(main|universe)$/.test(component),
    )
    .map(([, , entry = '']) => entry.replace(/:\d+$/, ''));
  const dump = await hostCommand('apt-config', ['dump']);
  return {
    suite,
    sources: [...new Set(files)],
    settings: dump.split('\n').filter((line) => /^Acquire::[a-z:]*proxy\b.*"[^"]+"/i.test(line)),
  };
}

const TARGET = '$(RELEASE) $(COMPONENT) $(SOURCESENTRY)';

/** Debian packages that hold the libraries a program of the host is linked with. */
export async function packagesOfLibraries(program: string): Promise<readonly string[]> {
  const libraries = (await hostCommand('ldd', [program]).catch(() => '')).match(/\/\S+/g) ?? [];
  const packages = new Set<string>();
  for (const library of libraries) {
    for (const path of [library, await realpath(library)]) {
      // dpkg knows a library by one of its two names, on systems where /lib is a link into /usr.
      const owner = await hostCommand('dpkg-query', ['--search', path]).catch(() => '');
      const name = /^([a-z0-9][a-z0-9.+-]*)(?::[a-z0-9]+)?: /.exec(owner)?.[1];
      if (name !== undefined) packages.add(name);
    }
  }
  return [...packages];
}
