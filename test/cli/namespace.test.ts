import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/catalog.ts';
import { CHANGING, MARKER, needsNamespace } from '../../src/cli/private-namespace.ts';

describe('a private mount namespace', () => {
  const caller = { environment: {}, root: true, parent: 10 };

  it.each([
    ['upgrade', true],
    ['resume --force', true],
    ['--config-dir status abort', true],
    ['--logfile=x rollback', true],
    ['status', false],
    ['history upgrade', false],
    ['run-stage boot', false],
    ['--logfile upgrade status', false],
    ['upgrade --help', false],
    ['install /dev/sda', true],
    ['', false],
  ])('for "%s": %s', (line, expected) => {
    expect(needsNamespace({ ...caller, args: line.split(' ') })).toBe(expected);
  });

  it('is made for every command that changes the machine', () => {
    const changing = COMMANDS.filter(({ changes }) => changes === 'machine');
    expect(changing.map(({ name }) => name).toSorted()).toEqual([...CHANGING].toSorted());
  });

  it('is not made without root: the refusal comes later, in words', () => {
    expect(needsNamespace({ ...caller, args: ['upgrade'], root: false })).toBe(false);
  });

  it.each([
    ['10', false],
    ['11', true],
  ])('is made once: with the mark of process %s by its child of 10: %s', (mark, expected) => {
    expect(needsNamespace({ ...caller, args: ['upgrade'], environment: { [MARKER]: mark } })).toBe(
      expected,
    );
  });
});

const root = process.getuid?.() === 0;

/** A program that runs another one in a namespace, as `main.ts` does. */
describe.skipIf(!root)('in a real one (needs root)', () => {
  const directory = mkdtempSync(join(tmpdir(), 'slotwright-namespace-'));
  const program = join(directory, 'parent.cjs');
  const children: ChildProcess[] = [];

  beforeAll(() => {
    buildSync({
      stdin: {
        contents: `import { runInNamespace } from './src/cli/private-namespace.ts';
          void runInNamespace([process.execPath, '-e', process.argv[2]], (text) => process.stderr.write(text))
            .then((code) => (process.exitCode = code));`,
        resolveDir: new URL('../../', import.meta.url).pathname,
        loader: 'ts',
      },
      bundle: true,
      platform: 'node',
      format: 'cjs',
      outfile: program,
    });
  });

  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });

  const start = (script: string): ChildProcess => {
    const child = spawn(process.execPath, [program, script], { stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    return child;
  };
  const line = async (child: ChildProcess): Promise<string> => {
    const [chunk] = (await once(child.stdout ?? child, 'data')) as [Buffer];
    return chunk.toString().trim();
  };
  const run = (script: string) =>
    spawnSync(process.execPath, [program, script], { encoding: 'utf8' });

  it('mounts are of its own, and gone with it', () => {
    const { stdout } = run(`process.stdout.write(require('fs').readlinkSync('/proc/self/ns/mnt'))`);
    expect(stdout).toMatch(/^mnt:\[\d+\]$/);
    expect(stdout).not.toBe(readlinkSync('/proc/self/ns/mnt'));
  });

  it.each([
    ['process.exit(39)', 39],
    [`process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000)`, 143],
  ])('passes on how "%s" ended', (script, expected) => {
    expect(run(script).status).toBe(expected);
  });

  it('says what to do when the command was killed', () => {
    const { status, stderr } = run(`process.kill(process.pid, 'SIGKILL')`);
    expect(status).toBe(137);
    expect(stderr).toContain('resume" continues what it owed');
  });

  it('passes each signal on once, also one from the terminal', async () => {
    const child = start(`
      let count = 0;
      process.on('SIGINT', () => { count += 1; console.log('interrupted'); });
      process.on('SIGTERM', () => process.exit(count));
      setInterval(() => {}, 1000);
      console.log('ready');`);
    await line(child);
    child.kill('SIGINT');
    await line(child);
    child.kill('SIGTERM');
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(1);
  });

  it('ends with its parent, even when that is killed', async () => {
    const child = start(`setInterval(() => {}, 1000); console.log('ready')`);
    await line(child);
    child.kill('SIGKILL');
    // The pipe closes when the last process that holds it is gone: only the one inside is left.
    await once(child, 'close');
    expect(child.signalCode).toBe('SIGKILL');
  });

  it.each([directory, program])(
    'is told in three parts when PATH %s has no tools for it',
    (path) => {
      const { status, stderr } = spawnSync(process.execPath, [program, ''], {
        encoding: 'utf8',
        env: { PATH: path },
      });
      expect(status).toBe(11);
      expect(stderr).toContain('next: install util-linux');
    },
  );
});
