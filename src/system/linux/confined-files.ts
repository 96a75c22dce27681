import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  open,
  readdir,
  readlink,
  rename,
  symlink,
  unlink,
} from 'node:fs/promises';
import type {
  TargetDirectory,
  TargetFile,
  TargetFiles,
  TargetStat,
} from '../../cloud-init/target.ts';
import { fileError, hasCode } from './confined-error.ts';
import type { WalkEnd } from './confined-walk.ts';
import { ConfinedWalk, openPathOnly, within } from './confined-walk.ts';

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_TRUNC, O_WRONLY } = constants;

/** Directories that a root has from the running machine: what is written there would change the machine. */
export type Lent = readonly string[];

/**
 * The files below a root directory. Nothing outside of it is ever read or changed, whatever links stand inside and
 * whoever changes them meanwhile: every component is opened on its own, below a directory that is held open, and links
 * are resolved by hand with `/` meaning the root. The root is held open, so that it may also be reached through
 * `/proc/<pid>/root` of a process with other mounts. Devices, pipes and sockets are never opened.
 */
export class ConfinedFiles implements TargetFiles {
  private readonly root: FileHandle;
  private readonly lent: Lent;

  private constructor(root: FileHandle, lent: Lent) {
    this.root = root;
    this.lent = lent;
  }

  static async open(root: string, lent: Lent = []): Promise<ConfinedFiles> {
    try {
      return new ConfinedFiles(await open(root, openPathOnly | O_DIRECTORY), lent);
    } catch (error) {
      throw fileError('open', root, error);
    }
  }

  /** Lets the root go; mounts below it can then be undone. */
  async close(): Promise<void> {
    await this.root.close();
  }

  async stat(path: string, links: 'follow' | 'keep'): Promise<TargetStat | undefined> {
    return this.at(path, { doing: 'look at', links, missing: 'absent' }, async ({ location }) => {
      const found = await lstat(location);
      return {
        kind: found.isFile()
          ? 'file'
          : found.isDirectory()
            ? 'directory'
            : found.isSymbolicLink()
              ? 'link'
              : 'other',
        mode: found.mode & 0o7777,
        uid: found.uid,
        gid: found.gid,
        bytes: found.size,
      };
    });
  }

  async readLink(path: string): Promise<string | undefined> {
    return this.at(
      path,
      { doing: 'read', links: 'keep', missing: 'absent' },
      async ({ location }) => {
        const found = await lstat(location);
        return found.isSymbolicLink() ? readlink(location) : undefined;
      },
    );
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    return this.at(
      path,
      { doing: 'read', links: 'follow', missing: 'absent' },
      async ({ location }) => {
        const handle = await openRegular(location, O_RDONLY);
        return withHandle(handle, () => handle.readFile());
      },
    );
  }

  async list(path: string): Promise<readonly string[]> {
    const names = await this.at(
      path,
      { doing: 'list', links: 'follow', missing: 'absent' },
      async ({ location }) => {
        const handle = await open(location, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        return withHandle(handle, () => readdir(within(handle)));
      },
    );
    return (names ?? []).sort((left, right) =>
      Buffer.compare(Buffer.from(left), Buffer.from(right)),
    );
  }

  async write(file: TargetFile): Promise<void> {
    await this.at(
      file.path,
      { doing: 'write', links: 'follow', missing: 'error' },
      async ({ location, directory }) => {
        const existing = await lstat(location).catch(absentWhenMissing);
        if (existing !== undefined) {
          refuseSpecial(existing);
        }
        try {
          await replace(directory, location, file);
        } catch (error) {
          if (existing === undefined || !hasCode(error, cannotReplace)) {
            throw error;
          }
          // A mount point, or a file of the kernel: there is nothing to rename over.
          await overwriteAt(location, file.bytes, hasCode(error, ['EBUSY']) ? 'any' : 'only-one');
        }
      },
    );
  }

  async overwrite(path: string, bytes: Uint8Array): Promise<void> {
    await this.at(
      path,
      { doing: 'write', links: 'follow', missing: 'error' },
      async ({ location }) => overwriteAt(location, bytes, 'only-one'),
    );
  }

  async makeDirectory(directory: TargetDirectory): Promise<void> {
    await this.at(
      directory.path,
      { doing: 'make', links: 'keep', missing: 'error' },
      async ({ location }) => {
        await mkdir(location, 0o700);
        const handle = await open(location, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        await withHandle(handle, async () => {
          await handle.chown(directory.uid, directory.gid);
          await handle.chmod(directory.mode);
        });
      },
    );
  }

  async remove(path: string): Promise<void> {
    await this.at(
      path,
      { doing: 'remove', links: 'keep', missing: 'absent' },
      async ({ location }) => unlink(location),
    );
  }

  /** Makes a symbolic link; the parent must exist, the name must be free. Where it points to is not looked at. */
  async makeLink(path: string, target: string): Promise<void> {
    await this.at(path, { doing: 'make', links: 'keep', missing: 'error' }, async ({ location }) =>
      symlink(target, location),
    );
  }

  async setMode(path: string, mode: number): Promise<void> {
    await this.change(path, (location) => chmod(location, mode));
  }

  async setOwner(
    path: string,
    owner: { readonly uid: number; readonly gid: number },
  ): Promise<void> {
    await this.change(path, (location) => chown(location, owner.uid, owner.gid));
  }

  async inside<T>(directory: string, act: (files: TargetFiles) => Promise<T>): Promise<T> {
    const below = await this.openBelow(directory);
    try {
      return await act(below);
    } finally {
      await below.close();
    }
  }

  private async openBelow(directory: string): Promise<ConfinedFiles> {
    const walk = new ConfinedWalk(this.root);
    try {
      const { location, names } = await walk.to(directory, 'follow');
      this.refuseLent(names);
      const root = await open(location, openPathOnly | O_DIRECTORY | O_NOFOLLOW);
      return new ConfinedFiles(root, []);
    } catch (error) {
      throw fileError('open', directory, error);
    } finally {
      await walk.end();
    }
  }

  /** Acts on the very inode that the walk ended at. */
  private async change(path: string, act: (location: string) => Promise<void>): Promise<void> {
    await this.at(
      path,
      { doing: 'change', links: 'follow', missing: 'error' },
      async ({ location }) => {
        const handle = await open(location, openPathOnly | O_NOFOLLOW);
        await withHandle(handle, () => act(within(handle)));
      },
    );
  }

  private async at<T>(
    path: string,
    how: {
      readonly doing: 'look at' | 'read' | 'list' | (typeof changes)[number];
      readonly links: 'follow' | 'keep';
      readonly missing: 'absent' | 'error';
    },
    act: (place: WalkEnd) => Promise<T>,
  ): Promise<T | undefined> {
    const walk = new ConfinedWalk(this.root);
    try {
      const place = await walk.to(path, how.links);
      if (changes.some((change) => change === how.doing)) {
        this.refuseLent(place.names);
      }
      return await act(place);
    } catch (error) {
      if (how.missing === 'absent' && hasCode(error, ['ENOENT', 'ENOTDIR'])) {
        return undefined;
      }
      throw fileError(how.doing, path, error);
    } finally {
      await walk.end();
    }
  }

  private refuseLent(names: readonly string[]): void {
    const [top = '', below] = names;
    if (this.lent.includes(top) && !(top === 'dev' && below === 'shm')) {
      throw new Error(`/${top} is the running machine's, not the target's`);
    }
  }
}

const changes = ['write', 'make', 'remove', 'change'] as const;

/** What the kernel says where a file cannot be replaced by another one. */
const cannotReplace = ['EBUSY', 'EPERM', 'EACCES', 'ENOENT', 'EXDEV', 'EOPNOTSUPP'];

/** Temporary file in the same directory with its final owner and mode, on disk before it takes the name. */
async function replace(directory: FileHandle, location: string, file: TargetFile): Promise<void> {
  const temporary = `${within(directory)}/.slotwright-${randomBytes(9).toString('hex')}`;
  const handle = await open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    await withHandle(handle, async () => {
      await handle.writeFile(file.bytes);
      await handle.chown(file.uid, file.gid);
      await handle.chmod(file.mode);
      await handle.sync();
    });
    await rename(temporary, location);
  } catch (error) {
    await unlink(temporary).catch(absentWhenMissing);
    throw error;
  }
  const parent = await open(`${within(directory)}/.`, O_RDONLY | O_DIRECTORY);
  await withHandle(parent, () => parent.sync());
}

/**
 * `only-one`: not a file that has a second name, which may stand outside of the root.
 */
async function overwriteAt(
  location: string,
  bytes: Uint8Array,
  names: 'any' | 'only-one',
): Promise<void> {
  const handle = await openRegular(location, O_WRONLY | O_TRUNC, names);
  await withHandle(handle, () => handle.writeFile(bytes));
}

/**
 * Opens the very file that was looked at before, and nothing but a regular one: opening a device may do something, opening
 * a pipe may last for ever, and the name may be another's by now.
 */
async function openRegular(
  location: string,
  flags: number,
  names: 'any' | 'only-one' = 'any',
): Promise<FileHandle> {
  const mark = await open(location, openPathOnly | O_NOFOLLOW);
  return withHandle(mark, async () => {
    const found = await mark.stat();
    refuseSpecial(found);
    if (names === 'only-one' && found.nlink > 1) {
      throw new Error('it has a second name, and cannot be replaced');
    }
    return open(within(mark), flags);
  });
}

function refuseSpecial(found: Stats): void {
  if (found.isDirectory()) {
    throw Object.assign(new Error('is a directory'), { code: 'EISDIR' });
  }
  if (!found.isFile()) {
    throw new Error('it is no regular file');
  }
}

async function withHandle<T>(handle: FileHandle, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } finally {
    await handle.close();
  }
}

function absentWhenMissing(error: unknown): undefined {
  if (hasCode(error, ['ENOENT'])) {
    return undefined;
  }
  throw error;
}
