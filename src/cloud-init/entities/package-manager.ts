import type { Target } from '../target.ts';
import { readLines } from './accounts.ts';

type Argv = readonly [string, ...string[]];

/** How a distribution's package manager is called without questions. */
export interface PackageManager {
  readonly name: 'apt' | 'dnf' | 'pacman' | 'apk' | 'zypper';
  readonly refresh: Argv;
  readonly upgrade: Argv;
  readonly install: Argv;
  readonly remove: Argv;
  readonly environment: Readonly<Record<string, string>>;
}

/** The package manager of the target, by its os-release; none is known for other systems. */
export async function packageManagerOf(target: Target): Promise<PackageManager | undefined> {
  const lines = await readLines(target, '/etc/os-release');
  const value = (name: string): string =>
    lines
      .flatMap((line) => new RegExp(`^${name}=["']?([^"']*)["']?\\s*$`).exec(line)?.[1] ?? [])
      .at(-1) ?? '';
  const found = managers.find(({ systems }) => systems.includes(value('ID')));
  return (found ?? (/\bsuse\b/.test(value('ID_LIKE')) ? suse : undefined))?.manager;
}

interface Known {
  readonly systems: readonly string[];
  readonly manager: PackageManager;
}

const suse: Known = {
  systems: ['opensuse-leap', 'opensuse-tumbleweed', 'suse', 'sles', 'opensuse'],
  manager: {
    name: 'zypper',
    refresh: ['zypper', 'refresh'],
    upgrade: ['zypper', 'update', '-y'],
    install: ['zypper', 'install', '-y', '--no-recommends'],
    remove: ['zypper', 'remove', '-y'],
    environment: {},
  },
};

const managers: readonly Known[] = [
  {
    systems: ['debian', 'ubuntu'],
    manager: {
      name: 'apt',
      refresh: ['apt-get', '-y', 'update'],
      upgrade: ['apt-get', '-y', 'upgrade'],
      install: ['apt-get', '-y', '--no-install-recommends', 'install'],
      remove: ['apt-get', '-y', 'remove'],
      environment: { DEBIAN_FRONTEND: 'noninteractive' },
    },
  },
  {
    systems: ['fedora', 'rocky', 'ol', 'almalinux', 'rhel', 'centos', 'openEuler'],
    manager: {
      name: 'dnf',
      refresh: ['dnf', 'makecache'],
      upgrade: ['dnf', 'update', '-y'],
      install: ['dnf', 'install', '-y', '--setopt=install_weak_deps=False'],
      remove: ['dnf', 'remove', '-y'],
      environment: {},
    },
  },
  {
    systems: ['arch'],
    manager: {
      name: 'pacman',
      refresh: ['pacman', '-Sy', '--noconfirm'],
      upgrade: ['pacman', '-Syu', '--noconfirm'],
      install: ['pacman', '-S', '--noconfirm'],
      remove: ['pacman', '-R', '--noconfirm'],
      environment: {},
    },
  },
  {
    systems: ['alpine'],
    manager: {
      name: 'apk',
      refresh: ['apk', 'update'],
      upgrade: ['apk', 'upgrade', '--no-cache'],
      install: ['apk', 'add', '--no-cache'],
      remove: ['apk', 'del', '--no-cache'],
      environment: {},
    },
  },
  suse,
];
