/** An image that can be installed: a root tree or an image file that lies outside the simulated disks. */
export interface SimulatedSource {
  readonly kind: 'dir' | 'file';
  readonly contents: ReadonlyMap<string, string>;
  readonly bytes: number;
  readonly arch?: string;
  readonly fs?: string;
}

/** A source whose `/etc/os-release` carries this version. */
export function sourceOf(
  version: string,
  more: Readonly<Record<string, string>> = {},
): SimulatedSource {
  return { kind: 'dir', contents: contentsOf(version, more), bytes: 200 * 2 ** 20, arch: 'x86_64' };
}

/** The files of a small system of this version. */
export function contentsOf(
  version: string,
  more: Readonly<Record<string, string>> = {},
): ReadonlyMap<string, string> {
  return new Map([
    ['/boot/vmlinuz', `kernel of ${version}`],
    ['/etc/os-release', `VERSION=${version}\nGRUB_ENTRY_NAME="System ${version}"\n`],
    ...Object.entries(more),
  ]);
}
