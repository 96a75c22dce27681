import { bytesToText, textToBytes } from '../byte-text.ts';
import { EntryError } from './entry-error.ts';
import { makeParents } from './parents.ts';
import type { Part, PartContext } from './part.ts';
import { runProgram } from './run-program.ts';

/** Where the modules of a chroot stage go: the target loads them when it boots. */
const targetFile = '/etc/modules-load.d/90-hooks.conf';

/** Loads kernel modules, or, in a chroot, has the target load them at its next boot. */
export const modules: Part = {
  name: 'modules',
  isAskedFor: (step) => (step.modules ?? []).length > 0,
  async run(step, context) {
    const wanted = (step.modules ?? []).filter(({ text }) => text.trim() !== '');
    if (context.target.scope === 'chroot') {
      await writeForNextBoot(
        wanted.map(({ text }) => text.trim()),
        context,
      );
      return;
    }
    const loaded = await loadedModules(context);
    for (const { text, at } of wanted) {
      await context.attempt(at, async () => {
        const [name, ...parameters] = text.trim().split(/\s+/);
        if (name === undefined || !/^[\w.-]+$/.test(name)) {
          throw new EntryError(`\`${text}\` is no kernel module`);
        }
        if (!loaded.has(name)) {
          await runProgram(context, ['modprobe', '--', name, ...parameters]);
        }
      });
    }
  },
};

async function loadedModules({ target }: PartContext): Promise<ReadonlySet<string>> {
  const text = Buffer.from((await target.files.read('/proc/modules')) ?? []).toString('utf8');
  return new Set(text.split('\n').map((line) => line.split(' ')[0] ?? ''));
}

async function writeForNextBoot(names: readonly string[], context: PartContext): Promise<void> {
  const { files } = context.target;
  await context.warn(
    `kernel modules are written to ${targetFile} of the target; none is loaded now`,
  );
  const old = bytesToText((await files.read(targetFile)) ?? Buffer.alloc(0));
  const lines = [...old.split('\n'), ...names.map((name) => name.split(/\s+/)[0] ?? '')];
  const all = [...new Set(lines.filter((line) => line !== ''))];
  await makeParents(files, targetFile, { mode: 0o755, uid: 0, gid: 0 });
  const bytes = textToBytes(all.map((line) => `${line}\n`).join(''));
  await files.write({ path: targetFile, bytes, mode: 0o644, uid: 0, gid: 0 });
}
