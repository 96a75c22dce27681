import { describe, expect, it } from 'vitest';
import { setupSources } from '../../../src/cloud-init/command-line.ts';
import type { CloudInitRun } from '../../../src/cloud-init/run-cloud-init.ts';
import { runCloudInit } from '../../../src/cloud-init/run-cloud-init.ts';
import { runStage } from '../../../src/cloud-init/run-stage.ts';
import type { HookEvent } from '../../../src/system/port.ts';
import type { MemoryTarget } from '../../support/cloud-init/memory-target.ts';
import { memoryTarget } from '../../support/cloud-init/memory-target.ts';

const step = (command: string): string =>
  JSON.stringify({ stages: { default: [{ commands: [command] }] } });

async function cloudInit(target: MemoryTarget, over: Partial<CloudInitRun>) {
  const events: HookEvent[] = [];
  const result = await runCloudInit({
    stage: 'default',
    sources: [],
    notation: 'yaml',
    stdin: () => Promise.resolve(''),
    target,
    signal: new AbortController().signal,
    emit: async (event) => {
      events.push(event);
    },
    ...over,
  });
  const commands = target.calls.map((argv) => argv.at(-1));
  return { result, events, commands };
}

describe('the sources of cloud-init', () => {
  it('are files, directories, addresses and texts, each on its own', async () => {
    const target = memoryTarget({
      files: {
        '/work/a': step('relative'),
        '/d/2.yaml': step('two'),
        '/d/10.yml': step('ten'),
        '/d/x.txt': step('never'),
        '/d/1/z.yaml': step('deep'),
      },
      fetch: ({ url }) =>
        url.endsWith('/ok')
          ? { status: 200, text: step('url') }
          : { status: 404, text: step('404') },
    });
    const { result, commands } = await cloudInit(target, {
      sources: ['a', '/d', 'http://x/ok', step('text'), 'http://x/no', 'mistyped.yaml'],
    });
    expect(commands).toEqual(['relative', 'deep', 'ten', 'two', 'url', 'text']);
    expect(result.failures).toEqual([
      'http://x/no: the server answered with status 404',
      'mistyped.yaml: there is no such file, and it is no URL and no configuration text',
    ]);
  });

  it('may be standard input, which is always text', async () => {
    const { commands } = await cloudInit(memoryTarget(), {
      sources: ['-'],
      stdin: () => Promise.resolve('stages: {default: [{commands: [x]}]}'),
    });
    expect(commands).toEqual(['x']);
  });

  it('must be given', async () => {
    await expect(cloudInit(memoryTarget(), {})).rejects.toMatchObject({ exit: 1 });
  });

  it('do not silence each other when one cannot be read', async () => {
    const target = memoryTarget({
      files: { '/d/1.yaml': step('one'), '/d/2.yaml': 'stages: {', '/d/3.yaml': step('three') },
    });
    const { result, commands } = await cloudInit(target, { sources: ['/d'] });
    expect(commands).toEqual(['one', 'three']);
    expect(result.failures).toMatchObject([expect.stringMatching(/^\/d\/2\.yaml:\d+:\d+: /)]);
  });
});

describe('a step', () => {
  const run = async (text: string, options = {}) => {
    const target = memoryTarget({ files: { '/d.yaml': text }, ...options });
    return { target, ...(await cloudInit(target, { sources: ['/d.yaml'] })) };
  };

  it('is told from its start to its end, with output before the failure that it explains', async () => {
    const { events } = await run('stages: {default: [{name: n, commands: [a]}]}', {
      exec: ({ output }: { output: (chunk: Uint8Array) => void }) => {
        output(Buffer.from('sorry\n'));
        return { ended: 'exited', code: 9 };
      },
    });
    expect(events.map(({ type }) => type)).toEqual(['hook.started', 'hook.output', 'hook.failed']);
    expect(events[2]).toMatchObject({
      source: '/d.yaml',
      step: 'n',
      part: 'commands',
      error: 'command 1 (`a`) ended with exit code 9',
      line: 1,
      column: 41,
    });
  });

  it('never runs a text whose template is wrong', async () => {
    const { result, commands } = await run(
      'stages: {default: [{commands: ["rm -rf /{{ .Values.node.hostname.x }}", "echo next"]}]}',
    );
    expect(commands).toEqual(['echo next']);
    expect(result.failures).toHaveLength(1);
  });

  it('is left out when a condition does not hold, and says which', async () => {
    const { events, commands } = await run(
      'stages: {default: [{node: other, commands: [a]}, {only_os: "[", commands: [b]}, {if_files: {any: [/none]}, commands: [c]}]}',
    );
    expect(commands).toEqual([]);
    expect(events.map((event) => event.type === 'hook.skipped' && event.reason)).toEqual([
      '`node: other` does not match `box`',
      '`only_os` is no regular expression: missing closing ]: `[`',
      'none of the files is there',
    ]);
  });

  it('fails at a condition that cannot be judged without a shell', async () => {
    const target = memoryTarget({ files: { '/d.yaml': 'stages: {default: [{if: "true"}]}' } });
    target.content.delete('/bin/sh');
    const { result } = await cloudInit(target, { sources: ['/d.yaml'] });
    expect(result).toMatchObject({ stepsRun: 0, stepsSkipped: 1 });
    expect(result.failures[0]).toMatch(/there is no shell/);
  });

  it('deletes no group when the one it names is not there', async () => {
    const group = 'root:x:0:\nusers:x:100:\n';
    const { target, result } = await run(
      'stages: {default: [{delete_entities: [{entity: "{kind: group, group_name: no}"}]}]}',
      { files: { '/etc/group': group, '/d.yaml': '' } },
    );
    expect(target.content.get('/etc/group')).toBe(group);
    expect(result.failures).toEqual([]);
  });
});

describe('a stage', () => {
  it('fails at a file with a wrong type in it, although its first name only warns of that', async () => {
    const target = memoryTarget({ files: { '/oem/a.yaml': 'stages: {s: 3, other: 4}' } });
    const result = await runStage({
      stage: 's',
      extraPaths: [],
      commandLine: '',
      target,
      signal: new AbortController().signal,
      emit: () => Promise.resolve(),
    });
    expect(result.failures).toEqual(['/oem/a.yaml:1:13: stages.s must be a list, not "3"']);
  });

  it('tells a broken file once, although all three of its names meet it', async () => {
    const target = memoryTarget({ files: { '/oem/a.yaml': '- no\n- mapping\n' } });
    const result = await runStage({
      stage: 's',
      extraPaths: ['/none', 'http://x/y'],
      commandLine: 'quiet',
      target,
      signal: new AbortController().signal,
      emit: () => Promise.resolve(),
    });
    expect(result.failures).toEqual([
      '/oem/a.yaml:1:1: the document must be a mapping, not a list',
      'http://x/y: cannot fetch http://x/y',
    ]);
  });

  const withCommandLine = async (commandLine: string) => {
    const events: HookEvent[] = [];
    const target = memoryTarget();
    const { failures } = await runStage({
      stage: 'boot',
      extraPaths: [],
      commandLine,
      target,
      signal: new AbortController().signal,
      emit: async (event) => void events.push(event),
    });
    const warnings = events.flatMap((event) =>
      event.type === 'hook.warned' ? [event.warning] : [],
    );
    return { failures, warnings, commands: target.calls.map((argv) => argv.at(-1)) };
  };

  it.each([
    ['of which one contradicts the others', 'stages.boot=no', /a group of values/],
    ['of which one has an open quote', 'stages.boot[2].commands[0]="no', /a quote is not closed/],
    ['of which one has half a quote', "stages.boot[2].commands[0]='no", /a quote is not closed/],
  ])(
    'runs the words of the kernel command line %s, and fails at that one',
    async (_, word, why) => {
      const text = [
        'quiet root=LABEL="it\'s one" stages.boot[0].commands[0]="echo one"',
        "stages.boot[0].commands[1]='echo two' panic=it's stages.boot[1].commands[0]=it's",
        `${word} stages.boot[1].commands[1]=last`,
      ].join(' ');
      const { failures, commands } = await withCommandLine(text);
      expect(commands).toEqual(['echo one', 'echo two', "it's", 'last']);
      expect(failures).toEqual([expect.stringMatching(why)]);
      expect(failures[0]).toMatch(/^\/proc\/cmdline:1:\d+: /);
      expect(failures[0]).toContain(`\`${word}\``);
    },
  );

  it('fails at no word of the kernel command line that is not about stages', async () => {
    const text = `init="/bin/sh it's" #no \\" x='y quiet stages`;
    expect(await withCommandLine(text)).toEqual({ failures: [], warnings: [], commands: [] });
  });

  it('reads what the kernel command line names as sources: quoted, or with an equal sign', () => {
    const text = `quiet cos.setup=/srv/a=b "elemental.setup=/srv/x y" cos.setup="/srv/z" cos.setup=`;
    expect(setupSources(text)).toEqual(['/srv/a=b', '/srv/x y', '/srv/z']);
  });

  it('ends when it is interrupted between two steps', async () => {
    const stop = new AbortController();
    const target = memoryTarget({
      files: { '/oem/a.yaml': 'stages: {s: [{commands: [a]}, {commands: [b]}]}' },
      exec: () => {
        stop.abort();
        return { ended: 'exited', code: 0 };
      },
    });
    const running = runStage({
      stage: 's',
      extraPaths: [],
      commandLine: '',
      target,
      signal: stop.signal,
      emit: () => Promise.resolve(),
    });
    await expect(running).rejects.toMatchObject({ code: 'interrupted' });
    expect(target.calls).toHaveLength(1);
  });
});
