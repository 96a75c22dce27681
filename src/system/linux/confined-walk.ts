import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { lstat, open, readlink } from 'node:fs/promises';
import { hasCode } from './confined-error.ts';

/** `O_PATH`, which Node does not name: a descriptor that only marks a place. The same number on all our machines. */
export const openPathOnly = 0o10000000;

/** As deep as the kernel itself follows links. */
const mostLinks = 40;

/** The path of an open descriptor, for calls that take a path only. */
export function within(handle: FileHandle): string {
  return `/proc/self/fd/${String(handle.fd)}`;
}

/**
 * One walk from a root directory to a name. It holds a descriptor for each directory on its way, so `..` leads back
 * where it came from and never above the root. Must be ended.
 */
export class ConfinedWalk {
  private readonly root: FileHandle;
  private readonly trail: FileHandle[] = [];

  constructor(root: FileHandle) {
    this.root = root;
  }

  /**
   * Where the last component stands: `location` is a path below the open directory, to be used without following links.
   * Every component but the last must be there.
   */
  async to(
    path: string,
    links: 'follow' | 'keep',
  ): Promise<{ readonly location: string; readonly directory: FileHandle }> {
    const ahead = split(path).reverse();
    let followed = 0;
    for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
      if (name === '..') {
        await this.trail.pop()?.close();
        continue;
      }
      const location = `${within(this.here())}/${name}`;
      const last = ahead.length === 0;
      if (last && links === 'keep') {
        return { location, directory: this.here() };
      }
      const target = await linkTarget(location, last);
      if (target !== undefined) {
        followed += 1;
        if (followed > mostLinks) {
          throw new Error('too many links');
        }
        if (target.startsWith('/')) {
          await this.end();
        }
        ahead.push(...split(target).reverse());
      } else if (last) {
        return { location, directory: this.here() };
      } else {
        const flags = openPathOnly | constants.O_DIRECTORY | constants.O_NOFOLLOW;
        this.trail.push(await open(location, flags));
      }
    }
    return { location: `${within(this.here())}/.`, directory: this.here() };
  }

  async end(): Promise<void> {
    for (let handle = this.trail.pop(); handle !== undefined; handle = this.trail.pop()) {
      await handle.close();
    }
  }

  private here(): FileHandle {
    return this.trail.at(-1) ?? this.root;
  }
}

function split(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

/** Where a link points to; nothing for what is no link. The last component may be missing. */
async function linkTarget(location: string, mayBeMissing: boolean): Promise<string | undefined> {
  try {
    const found = await lstat(location);
    return found.isSymbolicLink() ? await readlink(location) : undefined;
  } catch (error) {
    if (mayBeMissing && hasCode(error, ['ENOENT'])) {
      return undefined;
    }
    throw error;
  }
}
