/** `slotwright/testing` as others get it: packed, installed into an empty project, type-checked and run there. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const example = path.resolve('docs/examples/testing');
const LONG = 300_000;

describe('the testing library', () => {
  let project: string;

  beforeAll(async () => {
    project = await mkdtemp(path.join(tmpdir(), 'packed-library-'));
  });
  afterAll(() => rm(project, { recursive: true, force: true }));

  it('is packed, installed and used from a project of its own', { timeout: LONG }, async () => {
    await run('npm', ['pack', '--pack-destination', project]);
    const [tarball = ''] = (await readdir(project)).filter((name) => name.endsWith('.tgz'));
    await cp(example, project, { recursive: true });
    const quiet = ['--prefer-offline', '--no-audit', '--no-fund'];
    await run('npm', ['install', ...quiet, `./${tarball}`], { cwd: project });
    const said = await run('npm', ['test'], { cwd: project, env: plain() }).then(
      ({ stdout }) => stdout,
      (cause: unknown) => (cause as { readonly stdout: string }).stdout,
    );
    expect(said).toMatch(/Tests +5 passed/);
  });

  it('is shown in its guide as it is run', async () => {
    const guide = await readFile('docs/testing.md', 'utf8');
    const shown = /<!-- examples\/testing\/machine\.test\.ts -->\n\n```ts\n([\s\S]*?)```/.exec(
      guide,
    );
    expect(shown?.[1]).toBe(await readFile(path.join(example, 'machine.test.ts'), 'utf8'));
  });
});

/** Not what the vitest that runs this tells its children. */
function plain(): NodeJS.ProcessEnv {
  const theirs = /^(VITEST|NODE_ENV|TEST|npm_)/;
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !theirs.test(name))),
    NO_COLOR: '1',
  };
}
