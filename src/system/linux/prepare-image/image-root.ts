import { SystemError } from '../../../errors.ts';
import { EXIT } from '../../../exit-codes.ts';
import { makeParents } from '../../../cloud-init/parts/parents.ts';
import { ConfinedFiles } from '../confined-files.ts';
import type { ImageFile } from './image-files.ts';

/** `kept`: somebody else's, and not ours to replace. */
export type Laid = 'written' | 'unchanged' | 'kept';

/**
 * The root tree of an image that is being prepared. Links in it are followed inside it only. What it makes belongs to root, or
 * to whoever runs this without being root.
 */
export class ImageRoot {
  private readonly owner = {
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
  };
  readonly path: string;
  readonly files: ConfinedFiles;

  private constructor(path: string, files: ConfinedFiles) {
    this.path = path;
    this.files = files;
  }

  static async open(path: string): Promise<ImageRoot> {
    const files = await ConfinedFiles.open(path).catch((error: unknown) => {
      throw notATree(path, 'there is no such directory', error);
    });
    const usr = await files.stat('/usr', 'follow');
    if (usr?.kind === 'directory') return new ImageRoot(path, files);
    await files.close();
    throw notATree(path, 'it has no /usr');
  }

  async close(): Promise<void> {
    await this.files.close();
  }

  /** Refuses a path whose directories cannot be had inside the tree, before anything is changed. */
  async requirePlace(path: string): Promise<void> {
    const names = path.split('/').slice(1, -1);
    for (const [index] of names.entries()) {
      const folder = `/${names.slice(0, index + 1).join('/')}`;
      if ((await this.files.stat(folder, 'follow'))?.kind === 'directory') continue;
      if ((await this.files.stat(folder, 'keep')) === undefined) return;
      const to = await this.files.readLink(folder);
      const reason =
        to === undefined ? 'it is no directory' : `it leads to ${to}, no directory of the tree`;
      throw inTheWay(folder, this.path, reason);
    }
  }

  /** Lays a file into the tree. A different one is replaced, or `kept` where that is asked for. */
  async lay(file: ImageFile, different: 'replace' | 'keep'): Promise<Laid> {
    const found = await this.files.stat(file.path, 'follow');
    if (found !== undefined) {
      const same = await this.holds(file);
      if (same && (found.mode === file.mode || different === 'keep')) return 'unchanged';
      if (different === 'keep') return 'kept';
    }
    await this.makeParents(file.path);
    await this.files.write({ ...file, ...this.owner });
    return 'written';
  }

  /** Makes a link where nothing stands; a link that leads there already is `unchanged`, anything else is `kept`. */
  async link(path: string, to: string): Promise<Laid> {
    if ((await this.files.readLink(path)) === to) return 'unchanged';
    if ((await this.files.stat(path, 'keep')) !== undefined) return 'kept';
    await this.makeParents(path);
    await this.files.makeLink(path, to);
    return 'written';
  }

  async makeDirectory(path: string, mode: number): Promise<Laid> {
    if ((await this.files.stat(path, 'keep')) !== undefined) return 'unchanged';
    await this.makeParents(path);
    await this.files.makeDirectory({ path, mode, ...this.owner });
    return 'written';
  }

  async has(path: string): Promise<boolean> {
    return (await this.files.stat(path, 'follow')) !== undefined;
  }

  private async holds({ path, bytes }: ImageFile): Promise<boolean> {
    const there = await this.files.read(path);
    return there !== undefined && Buffer.compare(there, bytes) === 0;
  }

  private async makeParents(path: string): Promise<void> {
    try {
      await makeParents(this.files, path, { mode: 0o755, ...this.owner });
    } catch (cause) {
      if (cause instanceof SystemError) throw cause;
      throw inTheWay(path, this.path, cause instanceof Error ? cause.message : String(cause));
    }
  }
}

function inTheWay(path: string, root: string, reason: string): SystemError {
  return new SystemError({
    code: 'image-in-the-way',
    message: `${path} is in the way in ${root}`,
    reason,
    hint: 'links are followed inside the tree only; remove or correct it, and run this again',
    exit: EXIT.unsupported,
  });
}

function notATree(path: string, reason: string, cause?: unknown): SystemError {
  return new SystemError({
    code: 'not-a-root-tree',
    message: `${path} is not a root tree`,
    reason,
    hint: 'name a directory that holds a root file system, for instance an unpacked container image',
    exit: EXIT.noSource,
    cause,
  });
}
