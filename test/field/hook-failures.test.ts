/** Hooks that fail in every stage of a real upgrade that is not strict: it stands, and everybody is told. Needs root and loop devices. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const BUNDLE = path.resolve('dist/slotwright.cjs');
const root = process.getuid?.() === 0;
if (!root) process.stdout.write('failing hooks: left out, they need root and loop devices\n');

const FAILS = `stages:
  before-upgrade:
    - name: early
      commands: ["echo told; exit 3"]
  after-upgrade-chroot:
    - name: inside
      files: [{path: /srv/x, permissions: 0644, encoding: rot13, content: x}]
  after-upgrade:
    - name: outside
      commands: ["exit 4"]
  post-upgrade:
    - name: late
      sysctl: {no.such: "1"}
`;
const BROKEN = 'stages:\n  boot:\n    - commands: [\n';
const WRONG =
  'stages:\n  after-upgrade-chroot:\n    - commands: echo hi\n  before-upgrade: [{comands: []}]\n';

const SUMMARY = [
  /^6 failures of hooks/m,
  /^ {2}\/oem\/2-broken\.yaml:\d+:\d+: before-upgrade, after-upgrade-chroot, after-upgrade, post-upgrade: /m,
  /^ {2}\/oem\/1-fails\.yaml:4:18: before-upgrade, step "early": command 1 .* ended with exit code 3$/m,
  /^ {2}\/oem\/3-wrong\.yaml:3:17: after-upgrade-chroot: .*commands must be a list, not "echo hi"$/m,
  /^ {2}\/oem\/1-fails\.yaml:7:15: after-upgrade-chroot, step "inside": unknown encoding `rot13`/m,
  /^ {2}\/oem\/1-fails\.yaml:10:18: after-upgrade, step "outside": command 1 .* exit code 4$/m,
  /^ {2}\/oem\/1-fails\.yaml:13:\d+: post-upgrade, step "late": /m,
];

describe.runIf(root)('an upgrade whose hooks fail, not strict', { timeout: 120_000 }, () => {
  const place = mkdtempSync(path.join(tmpdir(), 'slotwright-hooks-'));
  const box = path.join(place, 'box');
  let said: ReturnType<typeof tool>;

  beforeAll(() => {
    const hooks = path.join(place, 'hooks');
    mkdirSync(hooks);
    writeFileSync(path.join(hooks, '1-fails.yaml'), FAILS);
    writeFileSync(path.join(hooks, '2-broken.yaml'), BROKEN);
    writeFileSync(path.join(hooks, '3-wrong.yaml'), WRONG);
    expect(tool('sandbox', 'create', box, '--system', 'tiny', '--hooks', hooks).status).toBe(0);
    said = inside('upgrade');
  });
  afterAll(() => rmSync(place, { recursive: true, force: true }));

  it('stands, and names every failure at its end: file, line, column, stage, step, what was expected', () => {
    expect(said.status, said.stderr).toBe(0);
    for (const line of SUMMARY) expect(said.stdout).toMatch(line);
  });

  it('tells a failure and a warning when it comes to them', () => {
    const at = (text: string): number => said.stderr.indexOf(text);
    const failure = at('failed: /oem/1-fails.yaml:4:18: before-upgrade, step "early"');
    expect(failure).toBeGreaterThan(at('run-before-stage'));
    expect(failure).toBeLessThan(at('deploy-image'));
    expect(said.stderr).toMatch(/warning: \/oem\/3-wrong\.yaml:4:\d+: unknown key `comands`/);
  });

  it('is told by `history`, in its exit status, too', () => {
    const list = inside('history');
    expect(list.status).toBe(65);
    expect(list.stdout).toMatch(/completed, 6 failures of hooks/);
    const one = inside('history', 'last');
    expect(one.status).toBe(65);
    expect(one.stdout).toMatch(
      /hook before-upgrade failed: early: .*\(\/oem\/1-fails\.yaml:4:18\)/,
    );
    expect(one.stdout).toMatch(/hook .* failed: .*\(\/oem\/2-broken\.yaml:\d+:\d+\)/);
  });

  it('is told to scripts by what --json prints', () => {
    const { failedHooks } = JSON.parse(inside('history', 'last', '--json').stdout) as {
      failedHooks: number;
    };
    expect(failedHooks).toBe(6);
  });

  const inside = (...words: readonly string[]) =>
    tool('sandbox', 'run', box, '--', 'elemental', ...words);
});

function tool(...words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BUNDLE, ...words], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}
