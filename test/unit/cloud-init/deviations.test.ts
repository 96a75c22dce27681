/** Where we do otherwise than the reference and no vector shows it: docs/cloud-init.md says why. */
import { describe, expect, it } from 'vitest';
import { analyzeStage } from '../../../src/cloud-init/analyze-stage.ts';
import { BoundedOutput } from '../../../src/cloud-init/bounded-output.ts';
import { runCloudInit } from '../../../src/cloud-init/run-cloud-init.ts';
import type { TargetFiles } from '../../../src/cloud-init/target.ts';
import { gatherValues } from '../../../src/system/linux/stage-values.ts';
import { memoryTarget, type MemoryTargetOptions } from '../../support/cloud-init/memory-target.ts';

const accounts = {
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n',
  '/etc/group': 'root:x:0:\nusers:x:100:\n',
  '/etc/shadow': 'root:*:1::::::\nada:$6$old:1:0:99999:7:::\n',
  '/home/ada/file': '',
};

/** Runs one step on a target in memory. */
async function step(text: string, options: MemoryTargetOptions = {}, files?: Partial<TargetFiles>) {
  const target = memoryTarget({ ...options, files: { ...accounts, ...options.files } });
  const result = await runCloudInit({
    stage: 'default',
    sources: [`stages: {default: [${text}]}\n`],
    notation: 'yaml',
    stdin: async () => '',
    target: { ...target, files: { ...target.files, ...files } },
    signal: new AbortController().signal,
    emit: async () => undefined,
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

  it('fails instead of being written unexpanded', async () => {
    const { target, failures } = await write(
      '{path: /srv/new, permissions: 0644, content: "a {{ .Values.node.hostname.x }}"}',
    );
    expect(failures).toMatchObject([matching(/no field `x`/)]);
    expect(target.content.has('/srv/new')).toBe(false);
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
