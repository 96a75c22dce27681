import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hostCommand } from './host-command.ts';

/**
 * Builds an RPM named vim on the spot and puts it into an rpm-md repository: the extra data on COS_PERSISTENT that
 * `zypper in -y vim` finds. A stand-in of one script: what is shown is the path of a package into an image.
 */
export async function makePackageRepository(repository: string, scratch: string): Promise<void> {
  await rm(repository, { recursive: true, force: true });
  await mkdir(repository, { recursive: true });
  await mkdir(scratch, { recursive: true });
  const specification = join(scratch, 'vim.spec');
  await writeFile(specification, SPECIFICATION);
  const defines = {
    _topdir: join(scratch, 'rpmbuild'),
    _rpmdir: repository,
    _build_name_fmt: '%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm',
  };
  const flags = Object.entries(defines).flatMap(([name, value]) => [
    '--define',
    `${name} ${value}`,
  ]);
  await hostCommand('rpmbuild', ['-bb', '--quiet', ...flags, specification]);
  await hostCommand('createrepo_c', ['--quiet', repository]);
  await rm(scratch, { recursive: true, force: true });
}

const SPECIFICATION = `Name: vim
Version: 9.0.1
Release: 1
Summary: Stand-in for the editor, for the sandbox
License: Apache-2.0
BuildArch: noarch
AutoReqProv: no

%description
A stand-in for the editor, built on the spot.

%install
install -D -m 0755 /dev/stdin %{buildroot}/usr/bin/vim <<'SCRIPT'
#!/bin/sh
echo "VIM - Vi IMproved 9.0 (a stand-in, installed by zypper)"
SCRIPT

%files
/usr/bin/vim
`;
