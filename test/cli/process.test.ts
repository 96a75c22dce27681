import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const isRoot = process.getuid?.() === 0;

/** The program as it is shipped: one file, two names. */
describe('the built program', () => {
  const directory = mkdtempSync(join(tmpdir(), 'slotwright-process-'));
  const program = join(directory, 'slotwright.cjs');
  const elemental = join(directory, 'elemental');

  beforeAll(() => {
    buildSync({
      entryPoints: [new URL('../../src/main.ts', import.meta.url).pathname],
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'cjs',
      outfile: program,
      define: { SLOTWRIGHT_VERSION: '"1.2.3"', SLOTWRIGHT_COMMIT: '"0123456789abcdef"' },
      logLevel: 'error',
    });
    symlinkSync(program, elemental);
    mkdirSync(join(directory, 'config'));
    // Readable for the test without root.
    spawnSync('chmod', ['-R', 'go+rX', directory]);
  });

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const run = (args: readonly string[], script = program) =>
    spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });

  it.each([['--version'], ['version']])('answers %s with version and commit', (flag) => {
    expect(run([flag]).stdout).toBe('1.2.3+g0123456\n');
  });

  it('speaks by the name of its link', () => {
    expect(run(['upgrad'], elemental).stderr).toContain('"elemental --help"');
    expect(run(['upgrad']).stderr).toContain('"slotwright --help"');
  });

  it('goes on when its reader goes away', async () => {
    const child = spawn(process.execPath, [program, 'schema', 'output', 'history'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let complaints = '';
    child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
    child.stdout.destroy();
    const [code] = (await once(child, 'close')) as [number];
    expect(complaints).toBe('');
    expect(code).toBe(0);
  });

  it('keeps its log file to itself, and appends', () => {
    const log = join(directory, 'log');
    run(['--logfile', log, 'version', '--long']);
    run(['--logfile', log, 'version', '--long']);
    expect(statSync(log).mode & 0o777).toBe(0o600);
    expect(readFileSync(log, 'utf8')).toMatch(/^(\S+Z slotwright 1\.2\.3\+g0123456 .*\n){2}$/);
  });

  it('says when its log file cannot be written', () => {
    const { status, stderr } = run(['--logfile', directory, 'version', '--long']);
    expect(status).toBe(1);
    expect(stderr).toContain(`error: the log file ${directory} cannot be opened\n`);
  });

  it.skipIf(!isRoot)('refuses in its private namespace with the code of the refusal', () => {
    const config = join(directory, 'config');
    const upgrade = ['--config-dir', config, 'upgrade'];
    expect(run(upgrade).status).toBe(33);
    expect(run([...upgrade, '--reboot', '--poweroff']).status).toBe(32);
    expect(run([...upgrade, '--bogus']).status).toBe(1);
    writeFileSync(join(config, 'config.yaml'), 'upgrade: [');
    expect(run(upgrade).status).toBe(31);
  });

  it.skipIf(!isRoot)('needs root for what changes the machine', () => {
    const { status, stderr } = spawnSync(
      'setpriv',
      ['--reuid', '65534', '--clear-groups', process.execPath, program, 'abort'],
      { encoding: 'utf8' },
    );
    expect(stderr).toContain('sudo slotwright abort');
    expect(status).toBe(58);
  });
});
