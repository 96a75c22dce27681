import { bytesToText, textToBytes } from '../byte-text.ts';
import type { ValueText } from '../decode/decoder.ts';
import { variableName } from '../decode/key-rules.ts';
import { EnvironmentFile } from '../entities/environment-file.ts';
import { EntryError } from './entry-error.ts';
import { makeParents } from './parents.ts';
import type { Part } from './part.ts';
import { filePath } from './target-path.ts';

/** Sets variables in /etc/environment or another file; what else stands there stays. */
export const environment: Part = {
  name: 'environment',
  isAskedFor: (step) => (step.environment ?? []).length > 0,
  async run(step, context) {
    const { files } = context.target;
    const path = filePath(step.environment_file ? step.environment_file : '/etc/environment');
    const found = await files.stat(path, 'follow');
    const old = bytesToText((await files.read(path)) ?? Buffer.alloc(0));
    const file = new EnvironmentFile(old);
    for (const { key, value, at } of step.environment ?? []) {
      await context.attempt(at, async () => {
        if (!variableName.pattern.test(key)) {
          throw new EntryError(`\`${key}\` is no name for a variable`);
        }
        file.set(key, await context.render(plainNumber(value)));
      });
    }
    // The mode that the reference gives to the directories of this file.
    await makeParents(files, path, { mode: 0o744, uid: 0, gid: 0 });
    const owner = { uid: found?.uid ?? 0, gid: found?.gid ?? 0 };
    await files.write({ path, bytes: textToBytes(file.text()), mode: 0o644, ...owner });
  },
};

/** Without quotes `0755` is a number and loses its zero, as in the reference; in quotes it is a text and does not. */
function plainNumber(value: ValueText): string {
  return value.plain && /^[-+]?\d{1,18}$/.test(value.text)
    ? value.text.replace(/^\+/, '').replace(/^(-?)0+(?=\d)/, '$1')
    : value.text;
}
