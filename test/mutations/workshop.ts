/** A copy of the checkout in a temporary folder: faults are planted there, and tests run there. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { changesOf, planted, type Mutant } from './mutant.ts';

const COPIED = [
  ...['src', 'machines', 'state', 'test'],
  ...['package.json', 'tsconfig.json', 'vitest.config.ts'],
];

export interface Workshop {
  readonly folder: string;
  /** With this fault in its source. */
  with<T>(mutant: Mutant, work: () => Promise<T>): Promise<T>;
  destroy(): Promise<void>;
}

export async function openWorkshop(checkout: string): Promise<Workshop> {
  const folder = await mkdtemp(path.join(tmpdir(), 'slotwright-mutants-'));
  for (const name of COPIED) {
    await cp(path.join(checkout, name), path.join(folder, name), {
      recursive: true,
      // Recordings of other programs: large, and no fault is looked for in them.
      filter: (source) => !source.endsWith('/test/vectors'),
    });
  }
  // The packages one by one: what vitest keeps beside them is then the copy's own.
  await mkdir(path.join(folder, 'node_modules'));
  for (const name of await readdir(path.join(checkout, 'node_modules'))) {
    if (name.startsWith('.')) continue;
    const target = path.resolve(checkout, 'node_modules', name);
    await symlink(target, path.join(folder, 'node_modules', name));
  }
  return {
    folder,
    async with(mutant, work) {
      const sources = new Map<string, string>();
      try {
        for (const change of changesOf(mutant)) {
          const file = path.join(folder, change.file);
          const source = await readFile(file, 'utf8');
          if (!sources.has(file)) sources.set(file, source);
          await writeFile(file, planted(source, change));
        }
        return await work();
      } finally {
        for (const [file, source] of sources) await writeFile(file, source);
      }
    },
    destroy: () => rm(folder, { recursive: true, force: true }),
  };
}
