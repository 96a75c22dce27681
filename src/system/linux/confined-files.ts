import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
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
  unlink,
} from 'node:fs/promises';
import type {
  TargetDirectory,
  TargetFile,
  TargetFiles,
  TargetStat,
} from '../../cloud-init/target.ts';
import { fileError, hasCode } from './confined-error.ts';
import { ConfinedWalk, openPathOnly, within } from './confined-walk.ts';

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_TRUNC, O_WRONLY } =
  constants;

/**
 * The files below a root directory. Nothing outside of it is ever read or changed, whatever links stand inside and
 * whoever changes them meanwhile: every component is opened on its own, below a directory that is held open, and links
 * are resolved by hand with `/` meaning the root. The root is held open, so that it may also be reached through
 * `/proc/<pid>/root` of a process with other mounts.
 */
export class ConfinedFiles implements TargetFiles {
  private readonly root: FileHandle;

  private constructor(root: FileHandle) {
    this.root = root;
  }

  static async open(root: string): Promise<ConfinedFiles> {
    try {
      return new ConfinedFiles(await open(root, openPathOnly | O_DIRECTORY));
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
        // Without blocking: a pipe without a writer must not hold the stage up.
        const handle = await open(location, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
        return withHandle(handle, async () => {
          await refuseSpecial(handle);
          return handle.readFile();
        });
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
        if (existing?.isDirectory() === true) {
          throw Object.assign(new Error('is a directory'), { code: 'EISDIR' });
        }
        if (existing !== undefined && !existing.isFile()) {
          await overwriteAt(location, file.bytes);
          return;
        }
        try {
          await replace(directory, location, file);
        } catch (error) {
          if (existing === undefined || !hasCode(error, cannotReplace)) {
            throw error;
          }
          // A mount point, or a file of the kernel: there is nothing to rename over.
          await overwriteAt(location, file.bytes);
        }
      },
    );
  }

  async overwrite(path: string, bytes: Uint8Array): Promise<void> {
    await this.at(
      path,
      { doing: 'write', links: 'follow', missing: 'error' },
      async ({ location }) => overwriteAt(location, bytes),
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

  async setMode(path: string, mode: number): Promise<void> {
    await this.change(path, (location) => chmod(location, mode));
  }

  async setOwner(
    path: string,
    owner: { readonly uid: number; readonly gid: number },
  ): Promise<void> {
    await this.change(path, (location) => chown(location, owner.uid, owner.gid));
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
      readonly doing: string;
      readonly links: 'follow' | 'keep';
      readonly missing: 'absent' | 'error';
    },
    act: (place: { readonly location: string; readonly directory: FileHandle }) => Promise<T>,
  ): Promise<T | undefined> {
    const walk = new ConfinedWalk(this.root);
    try {
      return await act(await walk.to(path, how.links));
    } catch (error) {
      if (how.missing === 'absent' && hasCode(error, ['ENOENT', 'ENOTDIR'])) {
        return undefined;
      }
      throw fileError(how.doing, path, error);
    } finally {
      await walk.end();
    }
  }
}

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

async function overwriteAt(location: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(location, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_NONBLOCK);
  await withHandle(handle, () => handle.writeFile(bytes));
}

async function refuseSpecial(handle: FileHandle): Promise<void> {
  const found = await handle.stat();
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
