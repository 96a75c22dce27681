import { describe, expect, it } from 'vitest';
import { analyzeStage } from '../../../src/cloud-init/analyze-stage.ts';
import { runStage } from '../../../src/cloud-init/run-stage.ts';
import type { MemoryTarget } from '../../support/cloud-init/memory-target.ts';
import { memoryTarget } from '../../support/cloud-init/memory-target.ts';

const files = {
  '/system/oem/10.yaml':
    'name: image\nstages:\n  boot:\n  - name: first\n    commands: [a]\n  - if: "[ -e /x ]"\n    only_os: Leap\n    files: [{path: /a}]\n    commands: [b]\n',
  '/oem/20.yaml':
    'stages: {boot.after: [{commands: [c]}], boot.before: [{name: early, commands: [d]}]}',
  '/oem/30.yaml':
    'name: x\nstages:\n  boot:\n  - {name: s, commands: [e]}\n  - {name: t, after: [{name: x.s}], commands: [f]}\n  - {name: u, after: [{name: x.s}], commands: [g]}\n',
  '/oem/40.yaml': 'stages:\n  boot:\n  - {commands: [h]}\n',
};
const commandLine = 'quiet stages.boot[0].commands[0]="echo i"';

const analyze = (target: MemoryTarget, over: { commandLine?: string | undefined } = {}) =>
  analyzeStage({
    stage: 'boot',
    extraPaths: [],
    commandLine,
    target,
    signal: new AbortController().signal,
    ...over,
  });

describe('the analysis of a stage', () => {
  it('tells the order of the steps, and why, without running anything', async () => {
    const target = memoryTarget({ files });
    const { steps } = await analyze(target);
    expect(
      steps.map(({ order, stage, source, line, step, waitsFor }) => [
        `${order} ${stage} ${source}:${line} ${step}`,
        ...waitsFor.map(({ because, names }) => `${because} ${names.join(' ')}`),
      ]),
    ).toEqual([
      ['1 boot.before /oem/20.yaml:1 early'],
      ['2 boot /system/oem/10.yaml:4 first'],
      ['3 boot /system/oem/10.yaml:6 step 2', 'list first'],
      ['4 boot /oem/30.yaml:4 s'],
      ['5 boot /oem/30.yaml:5 t', 'after x.s'],
      ['5 boot /oem/30.yaml:6 u', 'after x.s'],
      ['5 boot /oem/40.yaml:3 step 1', 'file /oem/30.yaml'],
      ['6 boot.after /oem/20.yaml:1 step 1'],
      ['7 boot /proc/cmdline:1 step 1'],
    ]);
    expect(steps[2]).toMatchObject({
      parts: ['files', 'commands'],
      conditions: [
        { key: 'if', value: '[ -e /x ]' },
        { key: 'only_os', value: 'Leap' },
      ],
    });
    expect(target.calls).toEqual([]);
  });

  it('is the order in which they run', async () => {
    const target = memoryTarget({ files });
    const { steps } = await analyze(target);
    await runStage({
      stage: 'boot',
      extraPaths: [],
      commandLine,
      target,
      signal: new AbortController().signal,
      emit: async () => undefined,
    });
    const ran = target.calls.map((argv) => argv.at(-1)).filter((text) => text !== '[ -e /x ]');
    // The step with conditions is left out here: this system has no name.
    expect(ran).toEqual(['d', 'a', 'e', 'f', 'g', 'h', 'c', 'echo i']);
    expect(steps.filter(({ conditions }) => conditions.length === 0)).toHaveLength(ran.length);
  });

  it('tells what is wrong with the files', async () => {
    const target = memoryTarget({
      files: {
        '/oem/1.yaml': 'stages: {boot: 3}',
        '/oem/2.yaml': 'name: g\nstages: {boot: [{comands: [x], after: [{name: g.nobody}]}]}',
      },
    });
    expect(await analyze(target, { commandLine: undefined })).toMatchObject({
      steps: [{ step: 'step 1', parts: [] }],
      failures: [
        '/oem/1.yaml:1:16: stages.boot must be a list, not "3"',
        expect.stringMatching(/^\/oem\/2\.yaml:2:\d+, step 1: `after` names the step `g\.nobody`/),
        '/proc/cmdline: the kernel command line cannot be read',
      ],
      warnings: [expect.stringMatching(/^\/oem\/2\.yaml:2:\d+: unknown key `comands`/)],
    });
  });
});
