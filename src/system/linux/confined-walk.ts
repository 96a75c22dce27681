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

/** Where a walk has ended. */
export interface WalkEnd {
  readonly location: string;
  readonly directory: FileHandle;
  /** The names on the way from the root, all links resolved, the last component included. */
  readonly names: readonly string[];
}

/**
 * One walk from a root directory to a name. It holds a descriptor for each directory on its way, so `..` leads back
 * where it came from and never above the root. Must be ended.
 */
export class ConfinedWalk {
  private readonly root: FileHandle;
  private readonly trail: { readonly name: string; readonly handle: FileHandle }[] = [];

  constructor(root: FileHandle) {
    this.root = root;
  }

  /**
   * Where the last component stands: `location` is a path below the open directory, to be used without following links.
   * Every component but the last must be there.
   */
  async to(path: string, links: 'follow' | 'keep'): Promise<WalkEnd> {
    const ahead = split(path).reverse();
    let followed = 0;
    for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
      if (name === '..') {
        await this.trail.pop()?.handle.close();
        continue;
      }
      const location = `${within(this.here())}/${name}`;
      const last = ahead.length === 0;
      if (last && links === 'keep') {
        return this.ended(location, name);
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
        return this.ended(location, name);
      } else {
        const flags = openPathOnly | constants.O_DIRECTORY | constants.O_NOFOLLOW;
        this.trail.push({ name, handle: await open(location, flags) });
      }
    }
    return this.ended(`${within(this.here())}/.`);
  }

  async end(): Promise<void> {
    for (let last = this.trail.pop(); last !== undefined; last = this.trail.pop()) {
      await last.handle.close();
    }
  }

  private ended(location: string, ...last: readonly string[]): WalkEnd {
    const names = [...this.trail.map(({ name }) => name), ...last];
    return { location, directory: this.here(), names };
  }

  private here(): FileHandle {
    return this.trail.at(-1)?.handle ?? this.root;
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
