import { firstAnswer } from './datasource/choose.ts';
import type { Search } from './datasource/findings.ts';
import { apply, directory, keepFacts, keepUserData } from './datasource/keep.ts';
import type { ProviderName } from './datasource/names.ts';
import { isProviderName } from './datasource/names.ts';
import { EntryError } from './entry-error.ts';
import { makeParents } from './parents.ts';
import type { Part } from './part.ts';
import { targetPath } from './target-path.ts';

export type DatasourceOptions = Pick<Search, 'limitSeconds' | 'origins'>;

/** The part with every provider at its known address. */
export const datasource = createDatasource({ limitSeconds: 2, origins: {} });

/**
 * Takes from the first provider that answers what it says about this machine: user data, kept for later stages, the name
 * of the machine, and the keys of those who may enter.
 */
export function createDatasource(options: DatasourceOptions): Part {
  return {
    name: 'datasource',
    isAskedFor: (step) => (step.datasource?.providers ?? []).length > 0,
    async run(step, context) {
      const { providers = [], path, userdata_name: given, at } = step.datasource ?? {};
      const file = given ? given : 'userdata.yaml';
      if (file.includes('/') || file === '.' || file === '..') {
        throw new EntryError(
          `\`userdata_name\` must be the name of a file without a directory: ${file}`,
        );
      }
      const { files } = context.target;
      await makeParents(files, `${directory}/provider`, { mode: 0o755, uid: 0, gid: 0 });
      const known: ProviderName[] = [];
      for (const name of new Set(providers)) {
        if (isProviderName(name)) {
          known.push(name);
        } else {
          await context.warn(`there is no data source \`${name}\``, at);
        }
      }
      const { findings, failures } = await firstAnswer(known, { ...options, context, path });
      for (const failure of failures) {
        await context.warn(`a data source gave nothing: ${failure}`, at);
      }
      await keepFacts(findings, context);
      if (findings.userData !== undefined) {
        // With `file` in the list, `path` is that file, whoever answers.
        const base = known.includes('file') || !path ? directory : targetPath(path);
        const { userData: bytes, mode } = findings;
        await keepUserData({ bytes, mode, base, file }, context);
      }
      await apply(findings, step, context);
    },
  };
}
