import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Everything below a directory that is wanted: path from there, and what it is in one line (kind, mode, owner, content). */
export async function treeEntries(
  root: string,
  wanted: (path: string) => boolean = () => true,
): Promise<ReadonlyMap<string, string>> {
  const entries = new Map<string, string>();
  await collect(root, '', { entries, wanted });
  return entries;
}

interface Collected {
  readonly entries: Map<string, string>;
  readonly wanted: (path: string) => boolean;
}

/** One digest for the whole tree: equal exactly when every name, mode, owner and byte is equal. Times are left out. */
export async function treeDigest(
  root: string,
  wanted?: (path: string) => boolean,
): Promise<string> {
  return digestOfEntries(await treeEntries(root, wanted));
}

/** The same of entries that are known already. */
export function digestOfEntries(entries: ReadonlyMap<string, string>): string {
  const hash = createHash('sha256');
  for (const [path, line] of [...entries].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${path}\0${line}\0`);
  }
  return hash.digest('hex');
}

async function collect(root: string, below: string, collected: Collected): Promise<void> {
  const { entries, wanted } = collected;
  for (const name of await readdir(join(root, below))) {
    const path = `${below}/${name}`;
    // Every ext file system has one; it is nobody's.
    if (path === '/lost+found' || !wanted(path)) continue;
    const at = join(root, path);
    const stat = await lstat(at);
    const common = `${(stat.mode & 0o7777).toString(8)} ${String(stat.uid)}:${String(stat.gid)}`;
    if (stat.isDirectory()) {
      entries.set(path, `directory ${common}`);
      await collect(root, path, collected);
    } else if (stat.isSymbolicLink()) {
      entries.set(path, `link ${await readlink(at)}`);
    } else if (stat.isFile()) {
      const digest = createHash('sha256')
        .update(await readFile(at))
        .digest('hex');
      entries.set(path, `file ${common} ${digest}`);
    } else {
      entries.set(path, `special ${common} ${String(stat.rdev)}`);
    }
  }
}
