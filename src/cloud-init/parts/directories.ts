import { EntryError } from './entry-error.ts';
import { ownerOf } from './owner.ts';
import { makeParents } from './parents.ts';
import type { Part } from './part.ts';
import { targetPath } from './target-path.ts';

/** Makes directories with exactly the mode asked for; an existing one takes mode and owner, where they are given. */
export const directories: Part = {
  name: 'directories',
  isAskedFor: (step) => (step.directories ?? []).length > 0,
  async run(step, context) {
    const { files } = context.target;
    for (const entry of step.directories ?? []) {
      await context.attempt(entry.at, async () => {
        const path = targetPath(entry.path);
        const owner = await ownerOf(context.target, entry);
        const found = await files.stat(path, 'follow');
        const mode = (entry.permissions ?? 0o755) & 0o7777;
        if (found === undefined) {
          await makeParents(context.target.files, path, { mode, ...owner });
          await files.makeDirectory({ path, mode, ...owner });
          return;
        }
        if (found.kind !== 'directory') {
          throw new EntryError(`${path} is in the way: it is no directory`);
        }
        if (entry.permissions !== undefined) {
          await files.setOwner(path, owner);
          await files.setMode(path, mode);
        } else if (entry.ownerstring || entry.owner !== undefined || entry.group !== undefined) {
          await files.setOwner(path, owner);
        }
      });
    }
  },
};
