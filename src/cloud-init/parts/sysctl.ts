import { bytesToText, textToBytes } from '../byte-text.ts';
import type { Entry } from '../decode/decoder.ts';
import { EntryError } from './entry-error.ts';
import { makeParents } from './parents.ts';
import type { Part, PartContext } from './part.ts';

/** Where kernel parameters of a chroot stage go: the target applies them when it boots. */
const targetFile = '/etc/sysctl.d/90-hooks.conf';

/** Sets kernel parameters: of the running kernel, or, in a chroot, for the next boot of the target. */
export const sysctl: Part = {
  name: 'sysctl',
  isAskedFor: (step) => (step.sysctl ?? []).length > 0,
  async run(step, context) {
    const wanted = step.sysctl ?? [];
    if (context.target.scope === 'chroot') {
      await writeForNextBoot(wanted, context);
      return;
    }
    for (const { key, value, at } of wanted) {
      await context.attempt(at, async () => {
        await context.target.files.overwrite(
          `/proc/sys/${names(key).join('/')}`,
          Buffer.from(value),
        );
      });
    }
  },
};

/** Dots and slashes separate; every dot does, so `..` leads nowhere. */
function names(key: string): readonly string[] {
  const found = key.split(/[./]/).filter((name) => name !== '');
  if (found.length === 0) {
    throw new EntryError(`\`${key}\` is no kernel parameter`);
  }
  return found;
}

async function writeForNextBoot(
  wanted: readonly Entry<string>[],
  context: PartContext,
): Promise<void> {
  const { files } = context.target;
  await context.warn(
    `kernel parameters are written to ${targetFile} of the target; the running kernel keeps its own`,
  );
  const old = bytesToText((await files.read(targetFile)) ?? Buffer.alloc(0));
  const lines = old.split('\n').filter((line) => line !== '');
  for (const { key, value, at } of wanted) {
    await context.attempt(at, async () => {
      const name = names(key).join('.');
      if (value.includes('\n')) {
        throw new EntryError(`the value of ${name} has more than one line`);
      }
      const place = lines.findIndex((line) => line.startsWith(`${name} =`));
      lines.splice(place === -1 ? lines.length : place, place === -1 ? 0 : 1, `${name} = ${value}`);
    });
  }
  await makeParents(files, targetFile, { mode: 0o755, uid: 0, gid: 0 });
  const bytes = textToBytes(lines.map((line) => `${line}\n`).join(''));
  await files.write({ path: targetFile, bytes, mode: 0o644, uid: 0, gid: 0 });
}
