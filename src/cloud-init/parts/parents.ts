import type { TargetFiles } from '../target.ts';
import { EntryError } from './entry-error.ts';
import { parentOf } from './target-path.ts';

/** Makes the missing directories above a path; existing ones stay as they are. */
export async function makeParents(
  files: TargetFiles,
  path: string,
  as: { readonly mode: number; readonly uid: number; readonly gid: number },
): Promise<void> {
  const parent = parentOf(path);
  const found = await files.stat(parent, 'follow');
  if (found?.kind === 'directory') {
    return;
  }
  if (found !== undefined) {
    throw new EntryError(`${parent} is in the way: it is no directory`);
  }
  await makeParents(files, parent, as);
  await files.makeDirectory({ path: parent, ...as });
}

/** The mode for the directories above a file: who may read the file may pass them. */
export function parentMode(fileMode: number): number {
  return (fileMode & 0o777) | ((fileMode & 0o444) >> 2) | 0o700;
}
