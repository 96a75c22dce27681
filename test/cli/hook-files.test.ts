import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import type { LintReport } from '../../src/cli/commands/lint.ts';
import type { StageAnalysis } from '../../src/cli/commands/run-stage.ts';
import { analyzeStage } from '../../src/cloud-init/analyze-stage.ts';
import { hookFileSchema } from '../../src/cloud-init/json-schema.ts';
import { lintSources } from '../../src/cloud-init/lint/lint-sources.ts';
import type { MemoryTarget } from '../support/cloud-init/memory-target.ts';
import { memoryTarget } from '../support/cloud-init/memory-target.ts';
import { runCli } from './run-cli.ts';

const signal = new AbortController().signal;

/** The real work over files in memory. */
function cli(
  line: string,
  files: Readonly<Record<string, string>>,
  over: Partial<MemoryTarget> = {},
) {
  const target = { ...memoryTarget({ files }), ...over };
  return runCli(line, {
    services: {
      hookFiles: {
        async lint(sources): Promise<LintReport> {
          const stdin = async () => 'stages: {boot: [{name: x}]}';
          const found = await lintSources({ sources, stdin, target, signal });
          return {
            files: [...found.files],
            findings: found.findings.map(({ at, ...finding }) => ({ ...finding, ...at })),
          };
        },
        analyze: ({ stage, extraPaths }): Promise<StageAnalysis> =>
          analyzeStage({ stage, extraPaths, commandLine: '', target, signal }),
        schema: async (form) => hookFileSchema(form === 'cloud-init' ? 'stages' : form),
      },
    },
  });
}

const bad = 'stages:\n  boot:\n  - commands: x\n    files: [{path: /a}]\n';
const doubtful = 'stages:\n  boot:\n  - comands: [x]\n';

describe('lint', () => {
  it('prints findings as compilers do, and ends with 65 when there are errors', async () => {
    const { exit, stdout } = await cli('lint /d', { '/d/a.yaml': bad, '/d/b.yaml': doubtful });
    expect(exit).toBe(65);
    expect(stdout).toMatchInlineSnapshot(`
      "/d/a.yaml:3:15: error: stages.boot[0].commands must be a list, not "x" [wrong-type]
      /d/a.yaml:4:13: warning: stages.boot[0].files[0] has no \`permissions\`: the reference gives it the mode 0000 [no-permissions]
          expected: permissions: 0644
      /d/b.yaml:3:5: warning: unknown key \`comands\` in stages.boot[0] has no effect, did you mean \`commands\`? [unknown-key]
      2 files checked: 1 error, 2 warnings
      "
    `);
  });

  it('lets warnings pass, unless it is strict', async () => {
    expect((await cli('lint /b.yaml', { '/b.yaml': doubtful })).exit).toBe(0);
    expect((await cli('lint --strict /b.yaml', { '/b.yaml': doubtful })).exit).toBe(65);
  });

  it('says so when nothing is wrong, and lets notes pass', async () => {
    const good = 'stages: {boot: [{commands: [x]}]}';
    expect(await cli('lint /a.yaml', { '/a.yaml': good })).toMatchObject({
      exit: 0,
      stdout: '1 file checked: nothing to mend\n',
    });
    expect(await cli('lint --strict -', {})).toMatchObject({
      exit: 0,
      stdout: expect.stringMatching(/^<STDIN>:1:17: note: .*\n1 file checked: 1 note\n$/) as string,
    });
  });

  it('tells the same as JSON', async () => {
    const { exit, stdout } = await cli('lint --json /a.yaml /none', { '/a.yaml': bad });
    expect(exit).toBe(65);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      files: ['/a.yaml', '/none'],
      errors: 2,
      warnings: 1,
      notes: 0,
      findings: [
        {
          file: '/a.yaml',
          line: 3,
          column: 15,
          severity: 'error',
          code: 'wrong-type',
          expected: 'a list',
        },
        { line: 4, code: 'no-permissions' },
        { file: '/none', severity: 'error', code: 'unreadable' },
      ],
    });
  });

  it('wants something to check', async () => {
    expect((await cli('lint', {})).exit).toBe(1);
  });
});

describe('run-stage --analyze', () => {
  const files = {
    '/system/oem/1.yaml':
      'name: g\nstages:\n  boot:\n  - {name: a, commands: [x]}\n  - {name: b, if: "test -e /y", files: [{path: /f}], after: [{name: g.a}]}\n  - {name: c, hostname: h, after: [{name: g.a}]}\n',
    '/oem/2.yaml': 'stages: {boot.after: [{commands: [x]}, {commands: [y]}]}',
  };

  it('shows the order and the reasons', async () => {
    const { exit, stdout } = await cli('run-stage --analyze boot', files);
    expect(exit).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "5 steps of the stage boot, in this order; conditions are not evaluated

      boot
          1  /system/oem/1.yaml:4  a: commands
             first of its source
         2a  /system/oem/1.yaml:5  b: files
             after g.a, which it names
             side by side with the others of this number
             condition if: test -e /y
         2b  /system/oem/1.yaml:6  c: hostname
             after g.a, which it names
             side by side with the others of this number

      boot.after
          3  /oem/2.yaml:1  step 1: commands
             first of its source
          4  /oem/2.yaml:1  step 2: commands
             after step 1, which stands before it
      "
    `);
  });

  it('tells the same as JSON', async () => {
    const { stdout } = await cli('run-stage --analyze boot --json', files);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      stage: 'boot',
      steps: [{ order: 1 }, { order: 2, step: 'b' }, { order: 2, step: 'c' }, {}, {}],
    });
  });

  it('shows broken files, and ends with 65 when it is strict', async () => {
    const broken = { '/oem/a.yaml': 'stages: {' };
    const lenient = await cli('run-stage --analyze boot', broken);
    expect(lenient.exit).toBe(0);
    expect(lenient.stdout).toMatch(
      /^no step would run in the stage boot\n\nerror: \/oem\/a\.yaml:/,
    );
    expect((await cli('run-stage --analyze --strict boot', broken)).exit).toBe(65);
  });
});

describe('schema', () => {
  it.each([
    ['cloud-init', 'hook-file'],
    ['cloud-config', 'hook-file-cloud-config'],
  ])('of %s files is in the documentation, too', async (form, name) => {
    const filepath = new URL(`../../docs/schema/${name}.schema.json`, import.meta.url).pathname;
    const { stdout } = await cli(`schema ${form}`, {});
    const style = await resolveConfig(filepath);
    await expect(await format(stdout, { ...style, filepath })).toMatchFileSnapshot(filepath);
  });

  it.each(['cloud-init', 'cloud-config'])('prints the one of %s files', async (form) => {
    const { exit, stdout } = await cli(`schema ${form}`, {});
    expect(exit).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      properties: { stages: { properties: { boot: { $ref: '#/$defs/steps' } } } },
      $defs: { steps: { items: { properties: { commands: { type: ['array', 'null'] } } } } },
    });
  });
});
