import { createHash } from 'node:crypto';
import { access, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hostCommand } from './host-command.ts';
import { hostPackageArchive, packagesOfLibraries } from './package-archive.ts';

/** Where a Debian tree was unpacked to, and which one of several it is to be. */
export interface DebianTree {
  /** Empty or missing directory that becomes the root tree. */
  readonly path: string;
  /** Tar file that {@link debianArchive} made. */
  readonly archive: string;
  /** Goes into os-release and /usr/share/sandbox/version. */
  readonly version: string;
}

/**
 * Makes a tar of a minimal system of the host's own release from the host's own package archive, or finds it in the
 * cache: same release, so that the host's node fits its libraries. Without documents, manuals and translations.
 */
export async function debianArchive(
  cache: string,
  node: string,
  note: (line: string) => void,
): Promise<string> {
  const archive = await hostPackageArchive();
  const packages = [...new Set([...PACKAGES, ...(await packagesOfLibraries(node))])].sort();
  const key = createHash('sha256').update([archive.suite, process.arch, ...packages].join('\n'));
  const path = join(cache, `debian-${archive.suite}-${key.digest('hex').slice(0, 12)}.tar`);
  if (await exists(path)) return path;

  note(`root tree: fetching ${archive.suite} from the package archive, once`);
  await mkdir(cache, { recursive: true });
  const unfinished = `${path}.unfinished`;
  const settings = ['APT::Install-Recommends "false";', ...archive.settings];
  await hostCommand('mmdebstrap', [
    '--quiet',
    '--variant=minbase',
    '--format=tar',
    `--include=${packages.join(',')}`,
    ...settings.map((line) => `--aptopt=${line}`),
    ...LEFT_OUT.map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
    archive.suite,
    unfinished,
    ...archive.sources,
  ]);
  await rename(unfinished, path);
  return path;
}

/** Unpacks a root tree and makes it an image of a cOS-like vendor: release, kernel, repository on persistent data. */
export async function makeDebianTree(tree: DebianTree): Promise<void> {
  await mkdir(tree.path, { recursive: true });
  await hostCommand('tar', [
    '--extract',
    '--numeric-owner',
    '--xattrs',
    '--file',
    tree.archive,
    '--directory',
    tree.path,
  ]);
  const at = (path: string): string => join(tree.path, path);
  // apt settings of the host, proxies among them, are nobody's business inside.
  await rm(at('etc/apt/apt.conf.d/99mmdebstrap'), { force: true });
  await rm(at('etc/resolv.conf'), { force: true });
  for (const folder of ['oem', 'system/oem', 'usr/local', 'etc/elemental']) {
    await mkdir(at(folder), { recursive: true });
  }
  await rm(at('etc/os-release'), { force: true });
  await symlink('../usr/lib/os-release', at('etc/os-release'));
  await rm(at('usr/lib/os-release'), { force: true });
  for (const [path, text] of Object.entries(files(tree.version))) {
    await mkdir(dirname(at(path)), { recursive: true });
    await writeFile(at(path), text);
  }
}

const PACKAGES = ['zypper', 'rpm', 'util-linux', 'mount', 'e2fsprogs', 'tar', 'procps', 'less'];
const LEFT_OUT = ['doc', 'man', 'info', 'locale', 'lintian'].map((name) => `/usr/share/${name}/*`);

function files(version: string): Record<string, string> {
  return {
    'usr/lib/os-release':
      `NAME="cOS sandbox"\nID=cos-sandbox\nID_LIKE=debian\nVERSION="${version}"\nVERSION_ID="${version}"\n` +
      `PRETTY_NAME="cOS sandbox ${version}"\nGRUB_ENTRY_NAME="cOS sandbox ${version}"\n`,
    'usr/share/sandbox/version': `${version}\n`,
    'etc/hostname': 'cos\n',
    'etc/hosts': '127.0.0.1 localhost cos\n',
    'etc/resolv.conf': '',
    'etc/zypp/repos.d/extra.repo':
      '[extra]\nname=Extra data on COS_PERSISTENT\nenabled=1\nautorefresh=0\n' +
      'baseurl=dir:///usr/local/rpms\ntype=rpm-md\ngpgcheck=0\n',
    'etc/cos/bootargs.cfg':
      'set kernel=/boot/vmlinuz\nset initramfs=/boot/initrd\n' +
      'set kernelcmd="console=tty1 root=LABEL=$label cos-img/filename=$img panic=5 rd.cos.oemlabel=COS_OEM"\n',
    'boot/vmlinuz': `stands for the kernel of ${version}\n`,
    'boot/initrd': `stands for the initramfs of ${version}\n`,
  };
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
