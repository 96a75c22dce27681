import { readFile } from 'node:fs/promises';

/** One line of `/proc/self/mountinfo`, octal escapes decoded. */
export interface MountEntry {
  /** `major:minor` of the file system. */
  readonly device: string;
  /** The directory of the file system that is mounted: `/` unless it is a bind mount or a subvolume. */
  readonly root: string;
  readonly at: string;
  readonly fs: string;
  readonly source: string;
  /** Of this mount alone. */
  readonly mountMode: 'ro' | 'rw';
  /** Of the file system, for all its mounts. */
  readonly superMode: 'ro' | 'rw';
  /** Options of the file system, for instance the `lowerdir` of an overlay. */
  readonly superOptions: readonly string[];
}

/** The mounts of this process's namespace, oldest first: the last entry for a path is the topmost. */
export async function readMounts(): Promise<readonly MountEntry[]> {
  return parseMountInfo(await readFile('/proc/self/mountinfo', 'utf8'));
}

export function parseMountInfo(text: string): readonly MountEntry[] {
  return text.split('\n').flatMap(parseLine);
}

/** The topmost mount at this path. */
export function mountAt(entries: readonly MountEntry[], at: string): MountEntry | undefined {
  return entries.findLast((entry) => entry.at === at);
}

/** True for the path itself and for everything below it. */
export function isAtOrBelow(path: string, top: string): boolean {
  return path === top || path.startsWith(top === '/' ? '/' : `${top}/`);
}

const parseLine = (line: string): readonly MountEntry[] => {
  const fields = line.split(' ');
  const separator = fields.indexOf('-', 6);
  const [, , device, root, at, mountOptions] = fields;
  if (separator < 0 || !device || !root || !at || !mountOptions) return [];
  const [fs = '', source = '', superText = ''] = fields.slice(separator + 1);
  const superOptions = superText.split(',').map(unescape);
  return [
    {
      device,
      root: unescape(root),
      at: unescape(at),
      fs,
      source: unescape(source),
      mountMode: modeOf(mountOptions.split(',')),
      superMode: modeOf(superOptions),
      superOptions,
    },
  ];
};

const modeOf = (options: readonly string[]): 'ro' | 'rw' => (options.includes('ro') ? 'ro' : 'rw');

/** The kernel writes blank, tab, newline, backslash and `#` as three octal digits, of bytes. */
const unescape = (text: string): string => {
  if (!text.includes('\\')) return text;
  const binary = Buffer.from(text, 'utf8')
    .toString('latin1')
    .replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
  return Buffer.from(binary, 'latin1').toString('utf8');
};
