import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { makeParents } from '../../cloud-init/parts/parents.ts';
import type { TargetStat } from '../../cloud-init/target.ts';
import { hasCode } from './confined-error.ts';
import type { ConfinedFiles } from './confined-files.ts';

const resolverPath = '/etc/resolv.conf';

/** Undoes {@link lendResolver}. */
export interface LentResolver {
  takeBack(): Promise<void>;
}

/**
 * Name resolution for hooks: lends the running system's resolver file to a target while a chroot stage runs. Where the
 * target has a link into a directory that lives only as long as the stage, the file is made there. Else it takes the
 * place of the target's file, which is put back afterwards, unless a hook has changed it: that was then on purpose.
 */
export async function lendResolver(files: ConfinedFiles): Promise<LentResolver> {
  const ours = await readFile(resolverPath).catch((error: unknown) => {
    if (hasCode(error, ['ENOENT'])) {
      return Buffer.alloc(0);
    }
    throw error;
  });
  const etc = await files.stat('/etc', 'follow');
  if (ours.byteLength === 0 || etc?.kind !== 'directory') {
    return nothingLent;
  }
  const path = await destination(files);
  if (/^\/(?:run|tmp|dev\/shm)\//.test(path)) {
    await makeParents(files, path, { mode: 0o755, uid: 0, gid: 0 });
    await files.write({ path, bytes: ours, mode: 0o644, uid: 0, gid: 0 });
    return nothingLent;
  }
  const parent = await files.stat(posix.dirname(path), 'follow');
  return parent?.kind === 'directory' ? lendAt(path, ours, files) : nothingLent;
}

const nothingLent: LentResolver = { takeBack: () => Promise.resolve() };

/** Where the resolver's file really stands: one link is followed, as far as its text goes. */
async function destination(files: ConfinedFiles): Promise<string> {
  const link = await files.readLink(resolverPath);
  return link === undefined ? resolverPath : posix.resolve('/etc', link);
}

async function lendAt(path: string, ours: Uint8Array, files: ConfinedFiles): Promise<LentResolver> {
  const before = await snapshot(path, files);
  await files.write({ path, bytes: ours, mode: 0o644, uid: 0, gid: 0 });
  return {
    async takeBack() {
      const now = await files.read(path);
      if (now === undefined || !Buffer.from(now).equals(ours)) {
        return;
      }
      if (before === undefined) {
        await files.remove(path);
      } else {
        const { mode, uid, gid } = before.stat;
        await files.write({ path, bytes: before.bytes, mode, uid, gid });
      }
    },
  };
}

async function snapshot(
  path: string,
  files: ConfinedFiles,
): Promise<{ readonly bytes: Uint8Array; readonly stat: TargetStat } | undefined> {
  const stat = await files.stat(path, 'follow');
  const bytes = stat?.kind === 'file' ? await files.read(path) : undefined;
  return stat === undefined || bytes === undefined ? undefined : { bytes, stat };
}
