import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HookEvent, StageRequest } from '../../src/system/port.ts';
import { createLinuxStages } from '../../src/system/linux/stages.ts';
import { busyboxRoot } from '../support/cloud-init/busybox-root.ts';

const asRoot = process.getuid?.() === 0;

describe.skipIf(!asRoot)('stages on a real machine (needs root)', () => {
  let directory: string;
  let root: string;
  let events: HookEvent[];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'slotwright-stages-'));
    root = busyboxRoot(join(directory, 'root'));
    events = [];
  });
  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  const stages = (commandLine = 'quiet') => {
    writeFileSync(join(directory, 'cmdline'), commandLine);
    return createLinuxStages({
      callerEnvironment: { http_proxy: 'http://proxy.test:3128', SECRET: 'x' },
      commandLineFile: join(directory, 'cmdline'),
    });
  };
  const request = (over: Partial<StageRequest> = {}): StageRequest => ({
    stage: 'after-upgrade-chroot',
    root,
    extraPaths: [],
    environment: { SLOTWRIGHT_STAGE: 'after-upgrade-chroot' },
    signal: new AbortController().signal,
    emit: async (event) => {
      events.push(event);
    },
    ...over,
  });
  const hook = (name: string, text: string): void => {
    mkdirSync(join(root, 'oem'), { recursive: true });
    writeFileSync(join(root, 'oem', name), text);
  };
  const inRoot = (path: string): string => readFileSync(join(root, path), 'utf8');

  it('runs the sample of the field manual in the chroot, with a warning for its duplicate key', async () => {
    hook(
      'install.yaml',
      [
        'stages:',
        'name: "Install something"',
        'stages:',
        '   after-upgrade-chroot:',
        '     - commands:',
        '        - echo "$(pwd) $SLOTWRIGHT_STAGE $http_proxy $SECRET" > /done',
      ].join('\n'),
    );
    const result = await stages().run(request());
    expect(result).toEqual({ stepsRun: 1, stepsSkipped: 0, failures: [] });
    expect(inRoot('done')).toBe('/ after-upgrade-chroot http://proxy.test:3128 \n');
    expect(events.find((event) => event.type === 'hook.warned')).toMatchObject({
      warning: '`stages` is given twice (lines 1 and 3); the last one counts',
      line: 3,
      column: 1,
    });
  });

  it('runs before, main and after over all files, then the kernel command line', async () => {
    for (const file of ['1', '2']) {
      const step = (name: string) => [{ commands: [`echo ${file} ${name} >> /log`] }];
      hook(
        `${file}.yaml`,
        JSON.stringify({
          stages: { 's.after': step('after'), s: step('main'), 's.before': step('before') },
        }),
      );
    }
    const words = 'quiet stages.s[0].commands[0]="echo cmdline >> /log" root=LABEL=x';
    const result = await stages(words).run(request({ stage: 's' }));
    expect(result.failures).toEqual([]);
    expect(inRoot('log').trim().split('\n')).toEqual([
      '1 before',
      '2 before',
      '1 main',
      '2 main',
      '1 after',
      '2 after',
      'cmdline',
    ]);
  });

  it('leaves no process and no mount behind, also when a hook left a daemon', async () => {
    hook(
      'daemon.yaml',
      'stages:\n  after-upgrade-chroot:\n  - commands: ["sleep 4711 >/dev/null 2>&1 & echo $! > /pid", "kill -0 $(cat /pid) && echo alive > /seen", "touch /tmp/x /run/y"]\n',
    );
    const result = await stages().run(request());
    expect(result.failures).toEqual([]);
    expect(inRoot('seen')).toBe('alive\n');
    expect(() => execFileSync('pgrep', ['-f', '^sleep 4711$'])).toThrow();
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(root);
    expect(() => inRoot('tmp/x')).toThrow(/ENOENT/);
  });

  it('never writes outside of the root, whatever links stand in the image', async () => {
    const outside = join(directory, 'outside');
    mkdirSync(outside);
    execFileSync('ln', ['-s', outside, join(root, 'srv')]);
    execFileSync('ln', ['-s', '../../../../../../../../../..' + outside, join(root, 'up')]);
    hook(
      'links.yaml',
      'stages:\n  after-upgrade-chroot:\n  - files:\n    - {path: /srv/a, content: a, permissions: 0644}\n    - {path: /up/b, content: b, permissions: 0644}\n',
    );
    await stages().run(request());
    expect(execFileSync('find', [outside, '-mindepth', '1']).toString()).toBe('');
  });

  it('tells a failing command with its place and goes on', async () => {
    hook(
      'fails.yaml',
      'stages:\n  after-upgrade-chroot:\n  - name: first\n    commands:\n    - echo bad luck; exit 3\n    - echo next >> /log\n  - commands: [echo second >> /log]\n',
    );
    const result = await stages().run(request());
    expect(result.failures).toEqual([
      '/oem/fails.yaml:5:7, first: command 1 (`echo bad luck; exit 3`) ended with exit code 3',
    ]);
    expect(inRoot('log')).toBe('next\nsecond\n');
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'hook.output', part: 'commands', text: 'bad luck\n' }),
    );
  });
});
