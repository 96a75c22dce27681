/** Where we do otherwise than the reference and no vector shows it: docs/cloud-init.md says why. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { analyzeStage } from '../../../src/cloud-init/analyze-stage.ts';
import { bytesToText, textToBytes } from '../../../src/cloud-init/byte-text.ts';
import { BoundedOutput } from '../../../src/cloud-init/bounded-output.ts';
import { runCloudInit } from '../../../src/cloud-init/run-cloud-init.ts';
import type { TargetFiles } from '../../../src/cloud-init/target.ts';
import type { HookEvent } from '../../../src/system/port.ts';
import { gatherValues } from '../../../src/system/linux/stage-values.ts';
import { memoryTarget, type MemoryTargetOptions } from '../../support/cloud-init/memory-target.ts';

const accounts = {
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n',
  '/etc/group': 'root:x:0:\nusers:x:100:\n',
  '/etc/shadow': 'root:*:1::::::\nada:$6$old:1:0:99999:7:::\n',
  '/home/ada/file': '',
};

/** Runs one step on a target in memory. */
async function step(
  text: string,
  options: MemoryTargetOptions = {},
  files?: Partial<TargetFiles>,
  events: HookEvent[] = [],
) {
  const target = memoryTarget({ ...options, files: { ...accounts, ...options.files } });
  const result = await runCloudInit({
    stage: 'default',
    sources: [`stages: {default: [${text}]}\n`],
    notation: 'yaml',
    stdin: async () => '',
    target: { ...target, files: { ...target.files, ...files } },
    signal: new AbortController().signal,
    emit: async (event) => void events.push(event),
  });
  return { target, ...result };
}

describe('a file whose content cannot be made', () => {
  const write = (content: string) =>
    step(`{files: [${content}]}`, { files: { '/srv/old': 'kept' } });

  it('is not touched when its base64 has no padding', async () => {
    const entry = (path: string) =>
      `{path: ${path}, permissions: 0644, encoding: b64, content: YQ}`;
    const { target, failures } = await write(`${entry('/srv/new')}, ${entry('/srv/old')}`);
    expect(failures).toMatchObject([/content is no base64/, /content is no base64/].map(matching));
    expect(target.content.has('/srv/new')).toBe(false);
    expect(target.content.get('/srv/old')).toBe('kept');
  });

  it('is not touched when its path is that of a directory', async () => {
    for (const end of ['/', '/.', '/..']) {
      const { target, failures } = await write(
        `{path: /srv/old${end}, permissions: 0644, content: x}`,
      );
      expect(failures).toMatchObject([matching(/is that of a directory/)]);
      expect(target.content.get('/srv/old')).toBe('kept');
    }
  });

  it('fails instead of being written unexpanded', async () => {
    const { target, failures } = await write(
      '{path: /srv/new, permissions: 0644, content: "a {{ .Values.node.hostname.x }}"}',
    );
    expect(failures).toMatchObject([matching(/no field `x`/)]);
    expect(target.content.has('/srv/new')).toBe(false);
  });
});

describe('a file of bytes', () => {
  const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7919) % 256));
  const written = async (entry: string): Promise<Buffer> => {
    const { target, failures } = await step(`{files: [{path: /x, permissions: 0644, ${entry}}]}`);
    expect(failures).toEqual([]);
    return textToBytes(target.content.get('/x') ?? '');
  };
  const base64 = (content: Buffer): string => `"${content.toString('base64')}"`;

  it.each([
    ['as YAML has them', `content: !!binary ${base64(bytes)}`],
    ['in base64', `encoding: b64, content: ${base64(bytes)}`],
    [
      'in base64 of base64',
      `encoding: b64, content: !!binary ${base64(Buffer.from(bytes.toString('base64')))}`,
    ],
    ['packed', `encoding: gz, content: !!binary ${base64(gzipSync(bytes))}`],
    ['packed in base64', `encoding: gz+b64, content: ${base64(gzipSync(bytes))}`],
  ])('has every one of them, %s', async (_how, entry) => {
    expect((await written(entry)).equals(bytes)).toBe(true);
  });

  it('may be packed and written with escapes', async () => {
    const escaped = [...gzipSync('hi')].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`);
    expect(String(await written(`encoding: gz, content: "${escaped.join('')}"`))).toBe('hi');
  });

  it('is a template where it can be, and left alone where its braces are chance', async () => {
    const around = (middle: string): Buffer => Buffer.from(`\xff${middle}\xfe`, 'latin1');
    const filled = await written(
      `content: !!binary ${base64(around('{{ .Values.node.hostname }}'))}`,
    );
    expect(filled.equals(around('box'))).toBe(true);
    const chance = around('{{ ]');
    expect((await written(`content: !!binary ${base64(chance)}`)).equals(chance)).toBe(true);
  });

  it('is the only place for bytes: a command of them is refused', async () => {
    const { failures } = await step('{commands: [!!binary "/w=="]}');
    expect(failures).toMatchObject([matching(/must be a text, not bytes that are no UTF-8/)]);
  });
});

describe('the lines of the account files', () => {
  const shadow = `${accounts['/etc/shadow']}bob:word:now:007:-1::::\n`;
  const options = { files: { '/etc/shadow': shadow } };
  const entity = (text: string): string => `[{entity: ${JSON.stringify(text)}}]`;

  it('are deleted when they are letter by letter what the entity says', async () => {
    const bob =
      'kind: shadow\nusername: bob\npassword: word\nlast_changed: now\nminimum_changed: 007\nmaximum_changed: -1\n';
    const { target, failures } = await step(`{delete_entities: ${entity(bob)}}`, options);
    expect(failures).toEqual([]);
    expect(target.content.get('/etc/shadow')).toBe(accounts['/etc/shadow']);
  });

  it('are deleted without a word about the rights that a new one would get', async () => {
    const events: HookEvent[] = [];
    const passwd = `${accounts['/etc/passwd']}eve::0:0:::\n`;
    const { target } = await step(
      `{delete_entities: ${entity('kind: user\nusername: eve\n')}}`,
      { files: { '/etc/passwd': passwd } },
      {},
      events,
    );
    expect(target.content.get('/etc/passwd')).toBe(accounts['/etc/passwd']);
    expect(events.filter(({ type }) => type === 'hook.warned')).toEqual([]);
  });

  it('stay when the entity says less than they', async () => {
    const { target } = await step(
      `{delete_entities: ${entity('kind: shadow\nusername: bob\n')}}`,
      options,
    );
    expect(target.content.get('/etc/shadow')).toBe(shadow);
  });

  it('keep the numbers of the shadow file as they are written', async () => {
    const eve =
      'kind: shadow\nusername: eve\npassword: "*"\nlast_changed: 0123\nminimum_changed: 007\nmaximum_changed: -1\nwarn: ""\nexpire: 1_0\n';
    const wrong = await step(`{ensure_entities: ${entity(eve)}}`);
    expect(wrong.failures).toMatchObject([matching(/shadow\.expire must be a whole number/)]);
    const sound = entity(eve.replace('1_0', '10'));
    const { target, failures } = await step(`{ensure_entities: ${sound}}`);
    expect(failures).toEqual([]);
    expect(target.content.get('/etc/shadow')).toBe(
      `${accounts['/etc/shadow']}eve:*:0123:007:-1:::10:\n`,
    );
  });

  it('of a new group without a gid have a free one, and an empty password keeps the old', async () => {
    const made = await step(`{ensure_entities: ${entity('kind: group\ngroup_name: g\n')}}`);
    expect(made.target.content.get('/etc/group')).toBe(`${accounts['/etc/group']}g::1000:\n`);
    const kept = await step(
      `{ensure_entities: ${entity('kind: group\ngroup_name: users\npassword: ""\n')}}`,
    );
    expect(kept.target.content.get('/etc/group')).toBe(accounts['/etc/group']);
  });

  it('that are no UTF-8 stay as they are beside those that change', async () => {
    const passwd = bytesToText(Buffer.from('old:x:7:7:Ren\xe9:/:/bin/sh\n', 'latin1'));
    const { target } = await step('{users: {bob: {}}}', { files: { '/etc/passwd': passwd } });
    expect(target.content.get('/etc/passwd')).toMatch(`${passwd}bob:x:1000:`);
  });
});

describe('a user', () => {
  const shadowOf = async (text: string): Promise<string | undefined> => {
    const { target } = await step(`{users: {${text}}}`);
    return target.content.get('/etc/shadow')?.split('\n').at(-2);
  };

  it('without a password cannot log in by one', async () => {
    expect(await shadowOf('bob: {}')).toBe('bob:!:20000::::::');
  });

  it('that is there already is locked when that is asked for', async () => {
    expect(await shadowOf('ada: {lock_passwd: true, passwd: new}')).toBe(
      'ada:!$6$old:1:0:99999:7:::',
    );
  });

  it('has a password that is hashed with sixteen letters of salt', async () => {
    expect(await shadowOf('bob: {passwd: word}')).toMatch(/^bob:\$6\$[./0-9A-Za-z]{16}\$/);
  });

  it('does not take the id of another one', async () => {
    const { target, failures } = await step('{users: {bob: {uid: 1000}}}');
    expect(failures).toMatchObject([matching(/the uid 1000 is taken by ada/)]);
    expect(target.content.get('/etc/passwd')).toBe(accounts['/etc/passwd']);
    expect(target.content.get('/etc/group')).toBe(accounts['/etc/group']);
  });

  it('whose home is a file is made, the file stays as it is, and that is a failure', async () => {
    const owned: string[] = [];
    const { target, failures } = await step(
      '{users: {bob: {homedir: /etc/passwd}}}',
      {},
      { setOwner: async (path) => void owned.push(path) },
    );
    expect(failures).toMatchObject([matching(/\/etc\/passwd is in the way: it is no directory/)]);
    expect(target.content.get('/etc/passwd')).toMatch(/^bob:x:1001:/m);
    expect(owned).toEqual([]);
  });

  it('takes a flag in quotes for the flag', async () => {
    const { target } = await step('{users: {daemon: {system: "true", no_create_home: "yes"}}}');
    expect(target.content.get('/etc/passwd')).toMatch(/^daemon:x:999:999:/m);
  });

  it('of the system has an id of the system, and one without a group of its own is in `users`', async () => {
    const { target } = await step('{users: {daemon: {system: true}, bob: {no_user_group: true}}}');
    const passwd = target.content.get('/etc/passwd');
    expect(passwd).toMatch(/^daemon:x:999:999:/m);
    expect(passwd).toMatch(/^bob:x:1001:100:/m);
  });
});

it('keys are not written through a link in the home of a user', async () => {
  const { files: home } = memoryTarget();
  const written: string[] = [];
  const { failures } = await step(
    '{authorized_keys: {ada: [ssh-ed25519 AAAA]}}',
    {},
    {
      inside: (directory, act) =>
        act({
          ...home,
          stat: async () => ({ kind: 'link', mode: 0o777, uid: 0, gid: 0, bytes: 0 }),
          write: async ({ path }) => void written.push(`${directory}${path}`),
        }),
    },
  );
  expect(failures).toMatchObject([matching(/\/home\/ada\/\.ssh is no directory/)]);
  expect(written).toEqual([]);
});

it('a host name that is none is refused, and /etc/hosts gets its line when it has none', async () => {
  const files = { '/etc/hosts': '::1 localhost\n' };
  const wrong = await step('{hostname: "no name"}', { files });
  expect(wrong.failures).toMatchObject([matching(/is no valid host name/)]);
  expect(wrong.target.content.has('/etc/hostname')).toBe(false);
  const right = await step('{hostname: edge}', { files });
  expect(right.target.content.get('/etc/hosts')).toBe('::1 localhost\n127.0.0.1 localhost edge\n');
});

it('the other names of 127.0.0.1 stay in /etc/hosts', async () => {
  const files = { '/etc/hosts': '127.0.0.1 localhost box proxy.test\n' };
  const { target } = await step('{hostname: edge}', { files });
  expect(target.content.get('/etc/hosts')).toBe('127.0.0.1 localhost proxy.test edge\n');
});

it('/etc/hosts loses the blanks around its lines, as in the reference, and nothing else', async () => {
  const files = { '/etc/hosts': '\t10.0.0.1\tx  y \r\n\n # note\n127.0.0.1\tbox # me' };
  const { target } = await step('{hostname: edge}', { files });
  expect(target.content.get('/etc/hosts')).toBe(
    '10.0.0.1\tx  y\n\n# note\n127.0.0.1 localhost edge\n',
  );
  const empty = await step('{hostname: edge}', { files: { '/etc/hosts': '' } });
  expect(empty.target.content.get('/etc/hosts')).toBe('127.0.0.1 localhost edge\n');
});

it('a line of /etc/environment may have any name that has no blank and no equal sign', async () => {
  const { target, failures } = await step('{environment: {A-B: new, 1.x: 2, "a b": c, "": d}}', {
    files: { '/etc/environment': 'A-B=old\n' },
  });
  expect(target.content.get('/etc/environment')).toBe('1.x=2\nA-B="new"\n');
  expect(failures).toMatchObject([matching(/`a b` is no name/), matching(/`` is no name/)]);
});

it('a condition of an empty text is none', async () => {
  const keys = ['node', 'if', 'only_os', 'only_os_version', 'only_arch', 'only_service_manager'];
  const { stepsRun } = await step(`{${keys.map((key) => `${key}: ""`).join(', ')}}`);
  expect(stepsRun).toBe(1);
});

it('the sections of timesyncd are apart, and a comment stays above what it is about', async () => {
  const { target } = await step('{timesyncd: {NTP: a.test, RootDistanceMaxSec: 5}}', {
    files: {
      '/etc/systemd/timesyncd.conf.d/10-yip.conf':
        '#of time\n[Time]\nNTP=old\n;of x\n[X]\nA=1\nLong=2\n',
    },
  });
  expect(target.content.get('/etc/systemd/timesyncd.conf.d/10-yip.conf')).toBe(
    '# of time\n[Time]\nNTP                = a.test\nRootDistanceMaxSec = 5\n\n; of x\n[X]\nA    = 1\nLong = 2\n',
  );
});

it('search domains of a dot and empty options are left out of the resolver file', async () => {
  const { target } = await step('{dns: {nameservers: [1.1.1.1], search: ["."], options: [""]}}');
  expect(target.content.get('/etc/resolv.conf')).toBe('nameserver 1.1.1.1\n');
});

it('an empty list in `if_files` asks for nothing, and the other kinds are still looked at', async () => {
  const { stepsRun, stepsSkipped } = await step(
    '{if_files: {any: [], all: []}}, {if_files: {any: [], none: [/etc/passwd]}}',
  );
  expect({ stepsRun, stepsSkipped }).toEqual({ stepsRun: 1, stepsSkipped: 1 });
});

it('`packages.upgrade` alone upgrades', async () => {
  const { target, failures } = await step('{packages: {upgrade: true}}', {
    files: { '/etc/os-release': 'ID=opensuse-leap\n' },
  });
  expect(failures).toEqual([]);
  expect(target.calls.flat().join(' ')).toMatch(/zypper.* (update|up|dup|dist-upgrade)/);
});

it('pins take the place of their own packages in the world file of apk, and of no other', async () => {
  const { target } = await step('{package_pins: {vim: 9.0-r0}}', {
    files: { '/etc/os-release': 'ID=alpine\n', '/etc/apk/world': 'alpine-base\nvim\n' },
  });
  expect(target.content.get('/etc/apk/world')).toBe('alpine-base\nvim=9.0-r0\n');
});

it('a file without steps of the stage does not break the order of the others', async () => {
  const one = 'stages: {boot: [{commands: [a]}]}';
  const { steps } = await analyzeStage({
    stage: 'boot',
    extraPaths: [],
    commandLine: '',
    target: memoryTarget({ files: { '/oem/1.yaml': one, '/oem/2.yaml': '', '/oem/3.yaml': one } }),
    signal: new AbortController().signal,
  });
  expect(steps.map(({ order, source, waitsFor }) => [order, source, waitsFor])).toEqual([
    [1, '/oem/1.yaml', []],
    [2, '/oem/3.yaml', [{ because: 'file', names: ['/oem/1.yaml'] }]],
  ]);
});

it('of what a program prints, a bounded piece of the start and of the end is kept', () => {
  const output = new BoundedOutput(100);
  for (let index = 0; index < 10_000; index += 1) {
    output.add(Buffer.from(`${String(index)}\n`));
  }
  const { text, truncated } = output.result();
  expect(truncated).toBe(true);
  expect(text).toMatch(/^0\n1\n[^]*\[\.\.\.\][^]*\n9999\n$/);
  expect(text.length).toBeLessThan(120);
});

it('the facts of templates are looked at, and no machine id is made for them', async () => {
  const { files, content } = memoryTarget({ files: { '/etc/os-release': 'ID=x\n' } });
  const before = new Map(content);
  await gatherValues({ machine: files, system: files, random: '' });
  expect(content).toEqual(before);
});

function matching(pattern: RegExp): unknown {
  return expect.stringMatching(pattern);
}
