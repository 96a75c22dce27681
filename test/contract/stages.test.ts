import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
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

  it('stops at once when it is interrupted, and leaves nothing running', async () => {
    const stop = new AbortController();
    hook(
      'long.yaml',
      'stages:\n  after-upgrade-chroot:\n  - commands: ["echo begun; exec sleep 4712", "touch /never"]\n',
    );
    const running = stages().run(
      request({ signal: stop.signal, show: (text) => text.includes('begun') && stop.abort() }),
    );
    await expect(running).rejects.toMatchObject({ code: 'interrupted', exit: 130 });
    expect(() => execFileSync('pgrep', ['-f', '^sleep 4712$'])).toThrow();
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(root);
    expect(() => inRoot('never')).toThrow(/ENOENT/);
  });

  it('acts on the files of the target only, and says so, where the running system would be changed', async () => {
    const before = readFileSync('/proc/sys/kernel/hostname', 'utf8');
    const panic = readFileSync('/proc/sys/kernel/panic', 'utf8');
    writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost box\n');
    hook(
      'kernel.yaml',
      'stages:\n  after-upgrade-chroot:\n  - hostname: renamed\n    sysctl: {kernel.panic: "4711"}\n    modules: [loop]\n    systemctl: {start: [x.service]}\n    timesyncd: {NTP: time.test}\n    dns: {nameservers: [192.0.2.1]}\n',
    );
    const result = await stages().run(request());
    expect(result.failures).toEqual([]);
    expect(readFileSync('/proc/sys/kernel/hostname', 'utf8')).toBe(before);
    expect(readFileSync('/proc/sys/kernel/panic', 'utf8')).toBe(panic);
    expect(inRoot('etc/hostname')).toBe('renamed\n');
    expect(inRoot('etc/hosts')).toBe('127.0.0.1 localhost box renamed\n');
    expect(inRoot('etc/sysctl.d/90-hooks.conf')).toBe('kernel.panic = 4711\n');
    expect(inRoot('etc/modules-load.d/90-hooks.conf')).toBe('loop\n');
    expect(inRoot('etc/resolv.conf')).toBe('nameserver 192.0.2.1\n');
    expect(events.filter((event) => event.type === 'hook.warned')).toHaveLength(4);
  });

  it.each([
    ['a file', () => writeFileSync(join(root, 'etc/resolv.conf'), 'nameserver 192.0.2.9\n')],
    ['nothing', () => undefined],
    [
      'a link into /run',
      () => symlinkSync('../run/systemd/resolve/stub.conf', join(root, 'etc/resolv.conf')),
    ],
  ])(
    'lends the resolver of the running system to a target with %s, and puts back what was there',
    async (_name, prepare) => {
      prepare();
      const tree = () => execFileSync('ls', ['-lR', '--full-time', join(root, 'etc')]).toString();
      const content = (): string => tree().replace(/\d{4}-\d\d-\d\d [\d:.]+ \+\d+/g, '');
      const before = content();
      hook(
        'look.yaml',
        'stages:\n  after-upgrade-chroot:\n  - commands: ["cat /etc/resolv.conf > /seen"]\n',
      );
      const result = await stages().run(request());
      expect(result.failures).toEqual([]);
      expect(inRoot('seen')).toBe(readFileSync('/etc/resolv.conf', 'utf8'));
      expect(content()).toBe(before);
    },
  );

  it('frees the target at once: a file system that held it can be unmounted', async () => {
    const image = join(directory, 'image');
    const mounted = join(directory, 'mounted');
    mkdirSync(mounted);
    execFileSync('truncate', ['-s', '16M', image]);
    execFileSync('mkfs.ext4', ['-q', image]);
    execFileSync('mount', ['-o', 'loop', image, mounted]);
    try {
      busyboxRoot(mounted);
      mkdirSync(join(mounted, 'oem'));
      writeFileSync(
        join(mounted, 'oem/a.yaml'),
        'stages:\n  after-upgrade-chroot:\n  - commands: ["sleep 4713 & echo hi > /hi"]\n',
      );
      const result = await stages().run(request({ root: mounted }));
      expect(result.failures).toEqual([]);
    } finally {
      execFileSync('umount', [mounted]);
    }
  });

  it('sees what the caller has mounted below the root, also when the root is named by a link', async () => {
    const oem = join(root, 'oem');
    mkdirSync(oem);
    execFileSync('mount', ['-t', 'tmpfs', 'slotwright-test', oem]);
    try {
      hook('a.yaml', 'stages:\n  after-upgrade-chroot:\n  - commands: ["echo kept > /oem/out"]\n');
      symlinkSync(root, join(directory, 'named'));
      const result = await stages().run(request({ root: join(directory, 'named') }));
      expect(result).toEqual({ stepsRun: 1, stepsSkipped: 0, failures: [] });
      expect(inRoot('oem/out')).toBe('kept\n');
    } finally {
      execFileSync('umount', [oem]);
    }
  });

  it('refuses a root that is not there', async () => {
    const running = stages().run(request({ root: join(directory, 'none') }));
    await expect(running).rejects.toMatchObject({ code: 'hook-file-failed' });
  });

  async function bundled(): Promise<string> {
    const outfile = join(directory, 'stages.mjs');
    await build({
      entryPoints: [join(import.meta.dirname, '../../src/system/linux/stages.ts')],
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile,
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
    });
    return outfile;
  }

  it('runs hooks in the target when this program runs in a chroot itself', async () => {
    // As an orchestrator's container does that changed into the host's root: the mount namespace has another root.
    hook('mark.yaml', 'stages:\n  after-upgrade-chroot:\n  - commands: ["echo inside > /mark"]\n');
    const script = `
      const { createLinuxStages } = await import(${JSON.stringify(await bundled())});
      const { failures } = await createLinuxStages({ callerEnvironment: {} }).run({
        stage: 'after-upgrade-chroot', root: '/mnt/target', extraPaths: [], environment: {},
        signal: new AbortController().signal, emit: async () => {},
      });
      if (failures.length > 0) throw new Error(failures.join());`;
    const enter = `
      mount --rbind / "$1"; mount -t tmpfs target "$1/mnt"; cp -a "$2" "$1/mnt/target"
      chroot "$1" "$3" --input-type=module -e "$4"; cat "$1/mnt/target/mark"`;
    const place = join(directory, 'host');
    mkdirSync(place);
    const said = execFileSync(
      'unshare',
      ['--mount', 'sh', '-euc', enter, 'sh', place, root, process.execPath, script],
      { encoding: 'utf8' },
    );
    expect(said).toBe('inside\n');
  });

  it('leaves nothing behind when this program is killed in the middle of a hook', async () => {
    const killed = await bundled();
    hook(
      'long.yaml',
      'stages:\n  after-upgrade-chroot:\n  - commands: ["sleep 4714 & echo begun; exec sleep 4714"]\n',
    );
    const script = `
      const { createLinuxStages } = await import(${JSON.stringify(killed)});
      await createLinuxStages({ callerEnvironment: {} }).run({
        stage: 'after-upgrade-chroot', root: ${JSON.stringify(root)}, extraPaths: [], environment: {},
        signal: new AbortController().signal, emit: async () => {},
        show: (text) => process.stdout.write(text),
      });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
    expect(execFileSync('pgrep', ['-c', '-f', '^sleep 4714$']).toString().trim()).toBe('2');
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
    await vi.waitFor(() => {
      expect(() => execFileSync('pgrep', ['-f', '^sleep 4714$'])).toThrow();
      expect(() => execFileSync('pgrep', ['-f', `slotwright-chroot ${root}`])).toThrow();
    });
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(root);
  });

  it('takes a hook of the running system with it when this program is killed', async () => {
    const killed = await bundled();
    const host = join(directory, 'host');
    mkdirSync(join(host, 'oem'), { recursive: true });
    writeFileSync(
      join(host, 'oem/long.yaml'),
      'stages:\n  before-upgrade:\n  - commands: ["echo begun; exec sleep 4715"]\n',
    );
    const script = `
      const { createLinuxStages } = await import(${JSON.stringify(killed)});
      await createLinuxStages({ callerEnvironment: {}, hostRoot: ${JSON.stringify(host)} }).run({
        stage: 'before-upgrade', extraPaths: [], environment: {},
        signal: new AbortController().signal, emit: async () => {},
        show: (text) => process.stdout.write(text),
      });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
    await vi.waitFor(() => {
      expect(() => execFileSync('pgrep', ['-f', '^sleep 4715$'])).toThrow();
    });
  });

  it('gives a host stage the files of the running system and no chroot', async () => {
    const host = join(directory, 'host');
    mkdirSync(join(host, 'usr/local/cloud-config'), { recursive: true });
    writeFileSync(
      join(host, 'usr/local/cloud-config/a.yaml'),
      `stages:\n  before-upgrade:\n  - commands: ["echo $HOME $SLOTWRIGHT_STAGE > ${host}/seen"]\n`,
    );
    const { stage, extraPaths, environment, signal, emit } = request({ stage: 'before-upgrade' });
    const result = await createLinuxStages({
      callerEnvironment: {},
      hostRoot: host,
      commandLineFile: join(directory, 'cmdline'),
    }).run({ stage, extraPaths, environment, signal, emit });
    expect(result.failures).toEqual(['/proc/cmdline: the kernel command line cannot be read']);
    expect(readFileSync(join(host, 'seen'), 'utf8')).toBe('/root after-upgrade-chroot\n');
  });

  it('lists every hook file outside of the image with the digest of its text', async () => {
    const host = join(directory, 'host');
    mkdirSync(join(host, 'oem/sub'), { recursive: true });
    mkdirSync(join(host, 'system/oem'), { recursive: true });
    mkdirSync(join(host, 'extra'), { recursive: true });
    writeFileSync(join(host, 'system/oem/image.yaml'), 'stages: {}');
    writeFileSync(join(host, 'oem/sub/a.yaml'), 'stages: {}');
    writeFileSync(join(host, 'oem/readme.txt'), 'no hook');
    writeFileSync(join(host, 'extra/b.yml'), 'stages: {b: []}');
    writeFileSync(
      join(directory, 'cmdline'),
      'quiet cos.setup=/extra/b.yml stages.x[0].commands[0]=y',
    );
    const port = createLinuxStages({
      callerEnvironment: {},
      hostRoot: host,
      commandLineFile: join(directory, 'cmdline'),
    });
    const found = await port.files([]);
    expect(found.map(({ path }) => path)).toEqual([
      '/oem/sub/a.yaml',
      '/extra/b.yml',
      '/proc/cmdline',
    ]);
    expect(found[0]?.digest).toBe(createHash('sha256').update('stages: {}').digest('hex'));
  });
});
