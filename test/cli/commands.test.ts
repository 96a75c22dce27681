import { createMachine } from 'xstate';
import { describe, expect, it } from 'vitest';
import { upgrade } from '../../machines/upgrade.ts';
import { planOf } from '../../machines/step.ts';
import { COMMANDS } from '../../src/cli/catalog.ts';
import type { StageOutcome } from '../../src/cli/outcome.ts';
import type { ResumeRequest, StageCommand } from '../../src/cli/services.ts';
import { operationMachine } from '../../src/engine/operation-machine.ts';
import { chartOf } from '../../src/inspect/chart-of.ts';
import { memoryReader } from '../unit/config/memory-reader.ts';
import { completed } from './fake-services.ts';
import { runCli } from './run-cli.ts';

const broken = memoryReader({ '/etc/elemental/config.yaml': 'a: [' });

describe('resume', () => {
  it.each<[string, ResumeRequest]>([
    ['resume', { when: 'now', force: false }],
    ['resume --force', { when: 'now', force: true }],
    ['resume --boot early', { when: 'early', force: false }],
    ['resume --boot=network', { when: 'network', force: false }],
  ])('"%s" asks for %j, whatever the configuration', async (line, expected) => {
    const asked: ResumeRequest[] = [];
    const { exit } = await runCli(line, {
      services: {
        configFiles: broken,
        resume: async (request) => {
          asked.push(request);
          return completed;
        },
      },
    });
    expect(exit).toBe(0);
    expect(asked).toEqual([expected]);
  });

  it('says that nothing was unfinished', async () => {
    const { exit, stdout } = await runCli('resume', {
      services: {
        resume: async () => ({
          operation: 'resume',
          outcome: 'nothing-to-do',
          exit: 0,
          reported: [],
          failedHooks: [],
          slots: [],
          rebootPending: false,
          durationMs: 3,
        }),
      },
    });
    expect(exit).toBe(0);
    expect(stdout).toBe('nothing is unfinished; nothing was changed\n');
  });
});

describe('rollback and abort', () => {
  it('work when the configuration does not parse', async () => {
    const services = {
      configFiles: broken,
      abort: async () => completed,
      rollback: async () => completed,
    };
    expect((await runCli('abort', { services })).exit).toBe(0);
    expect((await runCli('rollback', { services })).exit).toBe(0);
  });

  it('reboot only by their own flag', async () => {
    const asked: string[] = [];
    const services = {
      configFiles: memoryReader({ '/etc/elemental/config.yaml': 'reboot: true' }),
      rollback: async () => completed,
      power: async (action: string) => void asked.push(action),
    };
    await runCli('rollback', { services });
    await runCli('rollback --reboot', { services });
    expect(asked).toEqual(['reboot']);
    expect((await runCli('rollback --reboot --poweroff', { services })).exit).toBe(32);
  });
});

describe('hooks of the running system', () => {
  const failing: StageOutcome = {
    stage: 'boot',
    stepsRun: 2,
    stepsSkipped: 1,
    failures: ['/oem/90.yaml:3: "broken": exit code 1'],
  };

  it.each([
    ['run-stage boot', {}, 0],
    ['run-stage boot --strict', {}, 65],
    ['run-stage boot', { '/etc/elemental/config.yaml': 'strict: true' }, 65],
    ['run-stage boot --strict=false', { '/etc/elemental/config.yaml': 'strict: true' }, 0],
  ])('"%s" with %j ends with exit %i when one fails', async (line, files, expected) => {
    const { exit, stdout, stderr } = await runCli(line, {
      services: {
        configFiles: memoryReader(files),
        runStage: async (_, hooks) => {
          hooks.output('hello\n');
          return failing;
        },
      },
      host: { root: false },
    });
    expect(exit).toBe(expected);
    expect(stdout + stderr).toContain('hello\n');
    expect(stdout + stderr).toContain(
      'stage boot: 2 steps run, 1 skipped, 1 failed\n  /oem/90.yaml:3: "broken": exit code 1\n',
    );
  });

  it.each<[string[], StageCommand]>([
    [['a.yaml'], { stage: 'default', sources: ['a.yaml'], extraPaths: [], dotNotation: false }],
    [
      ['-s', 'boot', 'a', 'b'],
      { stage: 'boot', sources: ['a', 'b'], extraPaths: [], dotNotation: false },
    ],
    [
      ['-d', '--stage=boot', 'stages.boot[0].commands[0]="echo hi"'],
      {
        stage: 'boot',
        sources: ['stages.boot[0].commands[0]="echo hi"'],
        extraPaths: [],
        dotNotation: true,
      },
    ],
    [['-'], { stage: 'default', sources: ['-'], extraPaths: [], dotNotation: false }],
  ])('cloud-init %j runs %j, and a failure is exit 65', async (args, expected) => {
    const asked: StageCommand[] = [];
    const { exit } = await runCli(['cloud-init', ...args], {
      services: {
        cloudInit: async (command) => {
          asked.push(command);
          return failing;
        },
      },
    });
    expect(asked).toEqual([expected]);
    expect(exit).toBe(65);
  });
});

describe('machines', () => {
  const plan = planOf(upgrade);
  const chart = chartOf(operationMachine(plan), plan, upgrade.title);
  const services = {
    operations: async () => [{ name: 'upgrade', title: 'Install a new system' }],
    machine: async () => chart,
  };

  it('lists the operations', async () => {
    const { stdout } = await runCli('machines', { services });
    expect(stdout).toBe('upgrade  Install a new system\n');
  });

  it('draws for Mermaid', async () => {
    const { stdout } = await runCli('machines upgrade', { services });
    expect(stdout).toMatch(/^stateDiagram-v2\n/);
    expect(stdout).toContain('  [*] --> check_preconditions\n');
    expect(stdout).toContain('  deploy_image --> bind_volumes: step.completed\n');
    expect(stdout).toContain('  class set_active pivot\n');
    expect(stdout).toContain('  rolled_back --> [*]\n');
  });

  it('draws for Graphviz', async () => {
    const { stdout } = await runCli('machines upgrade --format dot', { services });
    expect(stdout).toMatch(/^digraph "upgrade" \{\n/);
    expect(stdout).toContain('  "deploy-image" -> "mount-target" [label="target.spoiled"];\n');
    expect(stdout).toContain('"undo:mount-target" [shape=box, style=dashed');
  });

  it('prints the configuration that XState takes back', async () => {
    const { stdout } = await runCli('machines upgrade --format json', { services });
    const again = createMachine(JSON.parse(stdout) as Parameters<typeof createMachine>[0]);
    expect(Object.keys(again.states)).toEqual(chart.states.map(({ name }) => name));
    expect(again.config.initial).toBe(chart.initial);
  });

  it('has a way out of every state that is not final', () => {
    for (const { name, kind } of chart.states) {
      const leaving = chart.edges.filter(({ from, to }) => from === name && to !== name);
      expect(leaving.length > 0, name).toBe(kind !== 'final');
    }
  });
});

describe('sandbox', () => {
  it('runs a command inside, with its exit code', async () => {
    const asked: unknown[] = [];
    const unasked = async () => Promise.reject(new Error('not expected'));
    const { exit } = await runCli('sandbox run ./box -- slotwright upgrade --reboot --json', {
      services: {
        sandbox: {
          create: unasked,
          shell: unasked,
          destroy: unasked,
          demo: unasked,
          run: async (directory, command) => {
            asked.push(directory, command);
            return 7;
          },
        },
      },
    });
    expect(asked).toEqual(['./box', ['slotwright', 'upgrade', '--reboot', '--json']]);
    expect(exit).toBe(7);
  });

  it('takes ./.sandbox when only the command is named, and hands hooks of the user over', async () => {
    const asked: unknown[] = [];
    const unasked = async () => Promise.reject(new Error('not expected'));
    const services = {
      sandbox: {
        shell: unasked,
        destroy: unasked,
        demo: unasked,
        create: async (directory: string, recipe: unknown) => {
          asked.push(directory, recipe);
          return { created: [] };
        },
        run: async (directory: string, command: readonly string[]) => {
          asked.push(directory, command);
          return 0;
        },
      },
    };
    await runCli('sandbox create --hooks a.yaml --hooks /b --system tiny', { services });
    await runCli('sandbox run -- elemental status', { services });
    expect(asked).toEqual([
      '.sandbox',
      { system: 'tiny', oem: ['/work/a.yaml', '/b'] },
      '.sandbox',
      ['elemental', 'status'],
    ]);
  });

  it('tells the demonstration on stdout, as anybody', async () => {
    const unasked = async () => Promise.reject(new Error('not expected'));
    const { exit, stdout } = await runCli('sandbox demo', {
      host: { root: false },
      services: {
        sandbox: {
          create: unasked,
          shell: unasked,
          destroy: unasked,
          run: unasked,
          demo: async (_, hooks) => {
            hooks.output('A machine on a disk file');
            return 0;
          },
        },
      },
    });
    expect(stdout).toBe('A machine on a disk file\n');
    expect(exit).toBe(0);
  });

  it.each([
    ['sandbox run ./box', 'there is no command to run'],
    ['sandbox create ./box more', '"sandbox create" takes only a directory'],
    ['sandbox sleep', '"slotwright sandbox" cannot take "sleep"'],
  ])('refuses "%s"', async (line, message) => {
    const { exit, stderr } = await runCli(line);
    expect(exit).toBe(1);
    expect(stderr).toContain(message);
  });
});

describe('--json', () => {
  const names = COMMANDS.filter(({ refused }) => refused === true).map(({ name }) => name);

  it.each(names)('%s is refused in one document', async (name) => {
    const { stdout, stderr } = await runCli(`${name} --json`);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: 'not-built', exit: 98 } });
    expect(stderr).toBe('');
  });

  it('may stand before the command', async () => {
    const { stdout } = await runCli('--json version');
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, version: '0.1.0' });
  });
});
