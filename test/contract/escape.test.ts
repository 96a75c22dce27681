/**
 * Attempts to make a hook of a chroot stage change something outside of the image: by what stands in the image, and by what
 * another hook or a process of it puts there meanwhile. Whatever the hook comes to, what is outside stays as it was.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLinuxStages } from '../../src/system/linux/stages.ts';
import { busyboxRoot } from '../support/cloud-init/busybox-root.ts';

const asRoot = process.getuid?.() === 0;
if (!asRoot) process.stdout.write('escape attempts: left out, they need root\n');

/** Puts something into the image's name that could lead out of it. */
type Trap = (name: string, outside: string) => void;

/** Every effect with a path of its own; the path is taken by a trap. */
const effects: readonly (readonly [name: string, path: string, step: object])[] = [
  ['files', '/t/file', { files: [{ path: '/t/file', content: 'in', permissions: 0o666 }] }],
  [
    'files, appending',
    '/t/more',
    { files: [{ path: '/t/more', content: 'in', append: true, permissions: 0o666 }] },
  ],
  [
    'files below',
    '/t/dir',
    { files: [{ path: '/t/dir/file', content: 'in', permissions: 0o666 }] },
  ],
  [
    'directories',
    '/t/made',
    { directories: [{ path: '/t/made', permissions: 0o777, owner: 4711, group: 4711 }] },
  ],
  ['directories below', '/t/tree', { directories: [{ path: '/t/tree/a/b', permissions: 0o777 }] }],
  ['downloads', '/t/load', { downloads: [{ path: '/t/load', url: 'URL', permissions: 0o666 }] }],
  ['git', '/t/clone', { git: { url: 'https://git.test/x', path: '/t/clone' } }],
  ['dns', '/t/dns', { dns: { path: '/t/dns', nameservers: ['192.0.2.1'] } }],
  ['environment', '/t/env', { environment_file: '/t/env', environment: { A: 'b' } }],
  ['users, home', '/t/home', { users: { ada: { homedir: '/t/home' } } }],
  ['authorized_keys', '/t/bob/.ssh', { authorized_keys: { bob: ['ssh-ed25519 AAAA bob'] } }],
  [
    'authorized_keys, file',
    '/t/eve/.ssh/authorized_keys',
    { authorized_keys: { eve: ['ssh-ed25519 AAAA eve'] } },
  ],
  [
    'ensure_entities',
    '/t/group',
    { ensure_entities: [{ path: '/t/group', entity: 'kind: group\ngroup_name: new\ngid: 7' }] },
  ],
  [
    'delete_entities',
    '/t/groups',
    { delete_entities: [{ path: '/t/groups', entity: 'kind: group\ngroup_name: secret' }] },
  ],
  ['users, passwd', '/etc/passwd', { users: { ada: { passwd: '!' } } }],
  ['users, shadow', '/etc/shadow', { users: { ada: { passwd: '!' } } }],
  ['hostname', '/etc/hosts', { hostname: 'renamed' }],
  ['sysctl', '/etc/sysctl.d', { sysctl: { 'kernel.panic': '4711' } }],
  ['modules', '/etc/modules-load.d', { modules: ['loop'] }],
  ['timesyncd', '/etc/systemd/timesyncd.conf.d', { timesyncd: { NTP: 'time.test' } }],
  [
    'systemctl',
    '/etc/systemd/system',
    { systemctl: { overrides: [{ service: 'x', content: '[Service]\n' }] } },
  ],
  ['datasource', '/t/userdata', { datasource: { providers: ['file'], path: '/t/userdata' } }],
];

const up = '../../../../../../../../../../..';

const traps: Readonly<Record<string, Trap>> = {
  'an absolute link to a file': (name, outside) => symlinkSync(join(outside, 'file'), name),
  'an absolute link to a directory': (name, outside) => symlinkSync(join(outside, 'dir'), name),
  'a link to nothing yet': (name, outside) => symlinkSync(join(outside, 'new'), name),
  'a link with `..` to a file': (name, outside) => symlinkSync(`${up}${outside}/file`, name),
  'a link with `..` to a directory': (name, outside) => symlinkSync(`${up}${outside}/dir`, name),
  'a link through /proc/self/root': (name, outside) =>
    symlinkSync(`/proc/self/root${outside}/file`, name),
  'a link through /proc/1/root': (name, outside) => symlinkSync(`/proc/1/root${outside}/dir`, name),
  'a link through /proc/1/cwd': (name, outside) =>
    symlinkSync(`/proc/1/cwd/${up}${outside}/file`, name),
  'a second name of a file outside': (name, outside) => linkSync(join(outside, 'file'), name),
  'a pipe': (name) => void execFileSync('mkfifo', [name]),
  'a device of characters': (name) => void execFileSync('mknod', [name, 'c', '1', '3']),
  'a link to a device of the machine': (name) => symlinkSync('/dev/slotwright-escape', name),
  'a link to the kernel of the machine': (name) => symlinkSync('/proc/sys/kernel/panic', name),
};

describe.skipIf(!asRoot)('a hook of an image (needs root)', () => {
  let directory: string;
  let root: string;
  let outside: string;
  let server: Server;
  let url: string;
  let onLoop: string[];

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'slotwright-escape-'));
    onLoop = [];
    root = busyboxRoot(join(directory, 'root'));
    for (const name of ['mv', 'ln', 'rm', 'mkdir', 'mknod', 'mkfifo']) {
      symlinkSync('busybox', join(root, 'bin', name));
    }
    writeFileSync(
      join(root, 'bin/git'),
      '#!/bin/sh\nfor to; do :; done\nmkdir "$to" && echo x > "$to/x"\n',
    );
    chmodSync(join(root, 'bin/git'), 0o755);
    writeFileSync(
      join(root, 'etc/passwd'),
      'root:x:0:0:root:/root:/bin/sh\nbob:x:1:1::/t/bob:/bin/sh\neve:x:2:2::/t/eve:/bin/sh\n',
    );
    writeFileSync(join(root, 'etc/shadow'), 'root:*:1::::::\n');
    writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n');
    outside = join(directory, 'outside');
    mkdirSync(join(outside, 'dir'), { recursive: true });
    writeFileSync(join(outside, 'file'), 'secret:x:1:\n');
    chmodSync(join(outside, 'file'), 0o640);
    server = createServer((_request, response) => response.end('in'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === 'object' ? String(address?.port) : ''}/x`;
  });
  afterEach(() => {
    server.close();
    for (const device of onLoop) execFileSync('losetup', ['-d', device]);
    rmSync(directory, { recursive: true, force: true });
  });

  /** Everything outside that must not change: content, mode, owner, time of the last change of content. */
  const surroundings = (): string => {
    const listed = execFileSync('find', [outside, '-printf', '%P %y %m %U:%G %s %T@\n']).toString();
    const content = readFileSync(join(outside, 'file'), 'utf8');
    const kernel = ['panic', 'hostname'].map((name) =>
      readFileSync(`/proc/sys/kernel/${name}`, 'utf8'),
    );
    return [listed, content, ...kernel, existsSync('/dev/slotwright-escape')].join('\n');
  };

  const run = async (steps: readonly object[]): Promise<readonly string[]> => {
    mkdirSync(join(root, 'oem'), { recursive: true });
    const text = JSON.stringify({ stages: { 'after-upgrade-chroot': steps } });
    writeFileSync(join(root, 'oem/hook.yaml'), text.replace('"URL"', JSON.stringify(url)));
    writeFileSync(join(directory, 'cmdline'), '');
    const stages = createLinuxStages({
      callerEnvironment: {},
      commandLineFile: join(directory, 'cmdline'),
    });
    const { failures } = await stages.run({
      stage: 'after-upgrade-chroot',
      root,
      extraPaths: [],
      environment: {},
      signal: new AbortController().signal,
      emit: async () => undefined,
    });
    return failures;
  };

  describe.each(Object.entries(traps))('that finds %s in its place', (_trap, set) => {
    it.each(effects)('changes nothing outside: %s', async (_effect, path, step) => {
      const name = join(root, path);
      for (const home of ['t/bob', 't/eve/.ssh']) {
        mkdirSync(join(root, home), { recursive: true });
      }
      mkdirSync(dirname(name), { recursive: true });
      rmSync(name, { recursive: true, force: true });
      set(name, outside);
      const before = surroundings();
      await run([step]);
      expect(surroundings()).toBe(before);
    });
  });

  it('gives a file of its own to a name that it shared with a file outside', async () => {
    linkSync(join(outside, 'file'), join(root, 'shared'));
    const step = { files: [{ path: '/shared', content: 'in', permissions: 0o600 }] };
    expect(await run([step])).toEqual([]);
    expect(readFileSync(join(root, 'shared'), 'utf8')).toBe('in');
    expect(readFileSync(join(outside, 'file'), 'utf8')).toBe('secret:x:1:\n');
    expect(statSync(join(root, 'shared')).ino).not.toBe(statSync(join(outside, 'file')).ino);
  });

  it('does not write through a second name where the file cannot be replaced', async () => {
    mkdirSync(join(root, 'fixed'));
    linkSync(join(outside, 'file'), join(root, 'fixed/shared'));
    execFileSync('chattr', ['+i', join(root, 'fixed')]);
    try {
      const before = surroundings();
      const failures = await run([{ files: [{ path: '/fixed/shared', content: 'in' }] }]);
      expect(failures).toMatchObject([expect.stringMatching(/cannot write \/fixed\/shared/)]);
      expect(surroundings()).toBe(before);
    } finally {
      execFileSync('chattr', ['-i', join(root, 'fixed')]);
    }
  });

  it('does not open a disk whose node stands in its place', async () => {
    const disk = join(outside, 'disk');
    writeFileSync(disk, Buffer.alloc(1 << 20, 'disk'));
    const device = execFileSync('losetup', ['-f', '--show', disk]).toString().trim();
    onLoop.push(device);
    const { rdev } = statSync(device);
    execFileSync('mknod', [join(root, 'disk'), 'b', '7', String(rdev & 0xff)]);
    const before = readFileSync(disk);
    const failures = await run([
      {
        files: [{ path: '/disk', content: 'in' }],
        dns: { path: '/disk', nameservers: ['192.0.2.1'] },
        environment_file: '/disk',
        environment: { A: 'b' },
      },
    ]);
    expect(failures).toHaveLength(3);
    for (const failure of failures) expect(failure).toMatch(/no regular file/);
    execFileSync('sync', [device]);
    expect(readFileSync(disk).equals(before)).toBe(true);
    expect(lstatSync(join(root, 'disk')).isBlockDevice()).toBe(true);
  });

  it('fails at a pipe at once, also when somebody reads from it', async () => {
    const failures = await run([
      { commands: ['mkfifo /pipe', 'cat /pipe > /leaked 2>/dev/null &'] },
      { files: [{ path: '/pipe', content: 'in' }] },
    ]);
    expect(failures).toMatchObject([expect.stringMatching(/cannot write \/pipe.*no regular file/)]);
    expect(readFileSync(join(root, 'leaked'), 'utf8')).toBe('');
  });

  it.each(['/dev/slotwright-escape', '/sys/slotwright-escape', '/proc/sys/kernel/panic'])(
    'writes nothing to what is lent from the machine: %s',
    async (path) => {
      const before = surroundings();
      const failures = await run([{ files: [{ path, content: '4711', permissions: 0o644 }] }]);
      expect(failures).toMatchObject([expect.stringMatching(/is the running machine's/)]);
      expect(surroundings()).toBe(before);
    },
  );

  it('follows no link that another hook has put in the place of a directory', async () => {
    const swap = (what: string) => ({
      commands: [`rm -rf /t/spot`, `mkdir -p /t`, `ln -s ${what} /t/spot`],
    });
    const write = { files: [{ path: '/t/spot/file', content: 'in', permissions: 0o644 }] };
    const before = surroundings();
    await run([
      write,
      swap(join(outside, 'dir')),
      write,
      swap(`${up}${outside}/dir`),
      write,
      swap(`/proc/1/root${outside}/dir`),
      write,
    ]);
    expect(surroundings()).toBe(before);
  });

  it('stays inside while a process of another hook swaps directories, links and devices', async () => {
    const swapper = [
      'mkdir -p /t/real /t/fake',
      `ln -s ${join(outside, 'dir')} /t/link`,
      `ln -s ${join(outside, 'file')} /t/fake/file`,
      'mkfifo /t/fake/pipe',
      '(while :; do mv /t/real /t/spot; mv /t/spot /t/real; mv /t/link /t/spot; mv /t/spot /t/link;' +
        ' mv /t/fake /t/spot; mv /t/spot /t/fake; done) >/dev/null 2>&1 &',
    ];
    const entries = Array.from({ length: 300 }, (_, index) => ({
      path: `/t/spot/${['file', 'pipe', `new-${String(index)}`][index % 3] ?? ''}`,
      content: 'in',
      permissions: 0o666,
    }));
    const before = surroundings();
    await run([{ commands: swapper }, { files: entries }, { directories: entries }]);
    expect(surroundings()).toBe(before);
  });
});
