/** Every way to give hooks to the real command, once: words, standard input, an address, the kernel command line. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const BUNDLE = path.resolve('dist/slotwright.cjs');
const root = process.getuid?.() === 0;
if (!root) process.stdout.write('kernel command line: left out, it needs root\n');

const place = mkdtempSync(path.join(tmpdir(), 'slotwright-sources-'));
const served: Record<string, string> = {
  '/good.yaml': 'stages: {boot: [{commands: [echo from an address]}]}\n',
};
const server = createServer((request, response) => {
  const text = served[request.url ?? ''];
  response
    .writeHead(text === undefined ? 404 : 200)
    .end(text ?? 'stages: {boot: [{commands: [echo 404]}]}');
});
let address = '';

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const found = server.address();
  address = `http://127.0.0.1:${typeof found === 'object' ? String(found?.port) : ''}`;
});
afterAll(() => {
  server.close();
  rmSync(place, { recursive: true, force: true });
});

describe('cloud-init', () => {
  it('takes words', async () => {
    const word = 'stages.boot[0].commands[0]="echo hi"';
    const { code, stdout, stderr } = await cloudInit(['-d', '-s', 'boot', word]);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: 'stage boot: 1 step run\n',
      stderr: 'hi\n',
    });
  });

  it('runs the stage `default` when none is named', async () => {
    const { stderr } = await cloudInit(['-d', 'stages.default[0].commands[0]="echo default"']);
    expect(stderr).toBe('default\n');
  });

  it('takes standard input, as text and as words', async () => {
    const text = 'stages: {boot: [{commands: [echo from a pipe]}]}';
    expect(await cloudInit(['-s', 'boot', '-'], text)).toMatchObject({
      code: 0,
      stderr: 'from a pipe\n',
    });
    const words = 'stages.boot[0].commands[0]="echo words from a pipe"';
    expect(await cloudInit(['-d', '-s', 'boot', '-'], words)).toMatchObject({
      code: 0,
      stderr: 'words from a pipe\n',
    });
  });

  it('takes an address, and never the page that says that there is none', async () => {
    expect(await cloudInit(['-s', 'boot', `${address}/good.yaml`])).toMatchObject({
      code: 0,
      stderr: 'from an address\n',
    });
    const missing = await cloudInit(['-s', 'boot', `${address}/none.yaml`]);
    expect(missing).toMatchObject({ code: 65, stdout: '' });
    expect(missing.stderr).toContain('/none.yaml: the server answered with status 404');
    expect(missing.stderr).not.toMatch(/^404$/m);
  });

  it('takes a directory and a file of any name beside each other, and tells what it cannot read', async () => {
    const folder = path.join(place, 'folder');
    mkdirSync(folder);
    const step = (text: string) => `stages: {boot: [{name: s, commands: [echo ${text}]}]}\n`;
    writeFileSync(path.join(folder, '2.yaml'), step('two'));
    writeFileSync(path.join(folder, '1.yml'), step('one'));
    writeFileSync(path.join(folder, '3.yaml'), 'stages: [\n');
    writeFileSync(path.join(place, 'named'), `${step('three')}stagse: {}\n`);
    const { code, stderr } = await cloudInit(['-s', 'boot', folder, path.join(place, 'named')]);
    expect(code).toBe(65);
    expect(stderr).toMatch(
      /^one\ntwo\n[^]*warning: .*\/named:2:1: unknown key `stagse`[^]*\nthree\n/m,
    );
    expect(stderr).toMatch(/folder\/3\.yaml:2:1: /);
  });

  const cloudInit = (words: readonly string[], input = '') =>
    run([process.execPath, BUNDLE, 'cloud-init', ...words], input);
});

describe.runIf(root)('run-stage', () => {
  it('takes a file, a directory and an address of `cos.setup=`, and stages of the kernel command line', async () => {
    const hooks = path.join(place, 'setup');
    mkdirSync(hooks);
    writeFileSync(path.join(hooks, 'a.yaml'), 'stages: {mine: [{commands: [echo directory]}]}\n');
    writeFileSync(path.join(place, 'one'), 'stages: {mine.before: [{commands: [echo file]}]}\n');
    served['/setup.yaml'] = 'stages: {mine.after: [{commands: [echo address]}]}\n';
    const { code, stdout, stderr } = await runStage(
      [
        'BOOT_IMAGE=(loop0)/boot/vmlinuz quiet console=tty1 root=LABEL=COS_ACTIVE name=x',
        `cos.setup=${hooks} cos.setup=${path.join(place, 'one')} elemental.setup=${address}/setup.yaml cos.setup=/none`,
        'stages.mine[0].commands[0]="echo words" stages["mine.after"][0].commands[0]="echo words after"',
      ].join(' '),
    );
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: 'stage mine: 5 steps run\n',
      stderr: 'file\ndirectory\naddress\nwords\nwords after\n',
    });
  });

  it('tells what fails, and ends with 65 when it is strict', async () => {
    const line = `quiet cos.setup=${address}/none.yaml stages.mine[0].commands[0]="exit 3"`;
    const lenient = await runStage(line);
    expect(lenient.code).toBe(0);
    expect(lenient.stdout).toMatch(/^stage mine: 1 step run, 2 failed$/m);
    expect(lenient.stdout).toMatch(/none\.yaml: the server answered with status 404$/m);
    expect(lenient.stdout).toMatch(
      /\/proc\/cmdline.*command 1 \(`exit 3`\) ended with exit code 3$/m,
    );
    expect(await runStage(line, '--strict')).toMatchObject({ code: 65 });
  });

  it('shows the order in which all of them would run', async () => {
    const line = `cos.setup=${path.join(place, 'one')} stages.mine[0].name=last`;
    const { stdout } = await runStage(line, '--analyze');
    expect(stdout).toMatch(/mine\.before[^]*\/one[^]*\/proc\/cmdline/);
  });

  /** With another kernel command line, in a mount namespace of its own. */
  const runStage = async (commandLine: string, ...flags: readonly string[]) => {
    const file = path.join(place, 'cmdline');
    writeFileSync(file, `${commandLine}\n`);
    const script = 'mount --bind "$1" /proc/cmdline; shift; exec "$@"';
    const command = [process.execPath, BUNDLE, 'run-stage', 'mine', ...flags];
    return run(['unshare', '--mount', 'sh', '-euc', script, 'sh', file, ...command]);
  };
});

async function run(
  [program = '', ...words]: readonly string[],
  input = '',
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn(program, words, { cwd: place });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, ...said };
}

it('the real kernel command line is left alone', () => {
  expect(readFileSync('/proc/cmdline', 'utf8')).not.toContain(place);
});
