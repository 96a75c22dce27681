import { EntryError } from './entry-error.ts';
import { ownerOf } from './owner.ts';
import { makeParents, parentMode } from './parents.ts';
import type { Part } from './part.ts';
import { targetPath } from './target-path.ts';

/** Fetches files over HTTP(S); a directory as path takes the file's own name. */
export const downloads: Part = {
  name: 'downloads',
  isAskedFor: (step) => (step.downloads ?? []).length > 0,
  async run(step, context) {
    const { target } = context;
    for (const entry of step.downloads ?? []) {
      await context.attempt(entry.at, async () => {
        const owner = await ownerOf(target, entry);
        const url = entry.url ?? '';
        if (!/^https?:\/\/\S+$/i.test(url)) {
          throw new EntryError(`\`${url}\` is no HTTP address`);
        }
        const limit = entry.timeout === undefined ? {} : { timeoutSeconds: entry.timeout };
        const answer = await target.fetch({ url, signal: context.signal, ...limit });
        if (answer.status < 200 || answer.status >= 300) {
          throw new EntryError(`${url} answered with status ${String(answer.status)}`);
        }
        const given = targetPath(entry.path);
        const found = await target.files.stat(given, 'follow');
        const inside = found?.kind === 'directory' || (entry.path ?? '').endsWith('/');
        const path = inside ? targetPath(`${given}/${fileName(answer.fileName, url)}`) : given;
        const mode = (entry.permissions ?? 0o644) & 0o7777;
        await makeParents(target.files, path, { mode: parentMode(mode), uid: 0, gid: 0 });
        await target.files.write({ path, bytes: answer.bytes, mode, ...owner });
      });
    }
  },
};

function fileName(name: string, url: string): string {
  if (name === '' || name === '.' || name === '..' || name.includes('/')) {
    throw new EntryError(`${url} does not say how its file is called: give the whole path`);
  }
  return name;
}
