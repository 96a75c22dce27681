import { describe, expect, it } from 'vitest';
import { history } from '../../src/cli/commands/history.ts';
import { status } from '../../src/cli/commands/status.ts';
import { upgrade } from '../../src/cli/commands/upgrade.ts';
import type { SimulatedMachine } from '../../src/system/simulated/machine.ts';
import { newMachine, type NewMachine } from '../../src/system/simulated/new-machine.ts';
import { sourceOf } from '../../src/system/simulated/sources.ts';
import { runCli, type CliResult } from './run-cli.ts';
import { simulatedServices } from './simulated-services.ts';

const LINE = 'upgrade --system.uri dir:///new';

const machineWith = (more: Partial<NewMachine> = {}): SimulatedMachine =>
  newMachine({
    slots: { active: 'one', passive: 'zero', recovery: 'rescue' },
    sources: { '/new': sourceOf('two') },
    files: { '/oem/install.yaml': 'stages: {}' },
    hooks: [
      {
        stage: 'after-upgrade-chroot',
        source: '/oem/install.yaml',
        step: 'install vim',
        outputs: ['installing vim\n', 'done\n'],
      },
    ],
    ...more,
  });

const cli = (machine: SimulatedMachine, line: string) =>
  runCli(line, { services: simulatedServices(machine) });

/** Stops by Ctrl-C as soon as this step begins. */
async function interruptedAt(machine: SimulatedMachine, step: string): Promise<CliResult> {
  const services = simulatedServices(machine);
  const running = runCli(LINE, {
    services: {
      upgrade: async (request, hooks) => {
        if (services.upgrade === undefined) throw new Error('unreachable');
        return services.upgrade(request, {
          ...hooks,
          step: (...shown) => {
            hooks.step(...shown);
            if (shown[0].step === step) running.stop('SIGINT');
          },
        });
      },
    },
  });
  return running;
}

/** Without what depends on the number of records: ids, moments, durations. */
const masked = (text: string): string =>
  text
    .replace(/sim\d{5}/g, 'ID')
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'MOMENT')
    .replace(/\d+ min \d+ s|\d+\.\d s/g, 'TIME')
    .replace(/ +\+\d+\.\ds/g, '  +TIME')
    .replace(/  [0-9a-f]{12}  /g, '  DIGEST  ')
    .replace(/ {2,}/g, '  ');

describe('status', () => {
  it('shows a machine that was never touched', async () => {
    const { stdout } = await cli(machineWith(), 'status');
    expect(masked(stdout)).toMatchInlineSnapshot(`
      "booted from active

        active  confirmed  boots next  456 MiB  -  (running)
        passive  unknown  fallback  456 MiB  -
        recovery  not mounted  on request  -  -

      boots are not judged: no operation has installed an image yet
      the next boot starts active: it is the default

      next: nothing to do
      "
    `);
  });

  it('says to reboot after an upgrade', async () => {
    const machine = machineWith();
    await cli(machine, LINE);
    const { stdout } = await cli(machine, 'status');
    expect(masked(stdout)).toMatchInlineSnapshot(`
      "booted from active

        active  on-trial  boots next  457 MiB  DIGEST  dir:///new
        passive  confirmed  fallback  456 MiB  -  (running)
        recovery  not mounted  on request  -  -

      boots are not judged: the new image does not confirm its boots: it would be thrown back after good ones
      the next boot starts active: it is the default

      last: upgrade ID completed MOMENT UTC in TIME, dir:///new

      next:
        reboot  start the active image
      "
    `);
  });

  it('says what is unfinished, and both ways out, before the switch', async () => {
    const machine = machineWith();
    const { exit } = await interruptedAt(machine, 'deploy-image');
    expect(exit).toBe(130);
    const { stdout } = await cli(machine, 'status');
    expect(masked(stdout)).toMatchInlineSnapshot(`
      "booted from active

        active  confirmed  boots next  456 MiB  -  (running)
        passive  unknown  fallback  456 MiB  -
        recovery  not mounted  on request  -  -

      unfinished: upgrade ID, since MOMENT UTC
        owes deploy-image (step 6/17): Write the new system

      boots are not judged: no operation has installed an image yet
      the next boot starts active: it is the default

      next:
        slotwright resume  continue the upgrade at deploy-image
        slotwright abort  undo it
      "
    `);
  });

  it('offers no way back after the switch', async () => {
    const machine = machineWith();
    await interruptedAt(machine, 'set-passive');
    const { stdout } = await cli(machine, 'status');
    expect(stdout).toContain('past the point of no return');
    expect(stdout).not.toContain('slotwright abort');
  });

  it('names the missing image and what helps when booted from passive', async () => {
    const machine = machineWith({ slots: { passive: 'zero', recovery: 'rescue' } });
    const { stdout } = await cli(machine, 'status');
    expect(masked(stdout)).toMatchInlineSnapshot(`
      "booted from passive

        active  missing
        passive  confirmed  fallback  456 MiB  -  (running)
        recovery  not mounted  on request  -  -

      boots are not judged: no operation has installed an image yet
      the next boot starts passive: there is no active image

      warning: there is no active image

      next:
        slotwright upgrade  replace the active image, which was not booted
        slotwright rollback  make the running image the active one
      "
    `);
  });

  it('speaks by the name it was called by', async () => {
    const machine = machineWith();
    await interruptedAt(machine, 'deploy-image');
    const { stdout } = await runCli('status', {
      services: simulatedServices(machine),
      host: { program: 'elemental' },
    });
    expect(stdout).toContain('elemental resume');
  });
});

describe('history', () => {
  it('says that there is none', async () => {
    const { stdout } = await cli(machineWith(), 'history');
    expect(stdout).toBe('nothing was done to this machine yet\n');
  });

  it('lists every operation with its outcome', async () => {
    const machine = machineWith();
    await interruptedAt(machine, 'deploy-image');
    await cli(machine, 'abort');
    await cli(machine, LINE);
    const { stdout } = await cli(machine, 'history');
    expect(masked(stdout)).toMatchInlineSnapshot(`
      "#  id  operation  started (UTC)  took  outcome  source or cause
      1  ID  upgrade  MOMENT  TIME  rolled-back (abort)  dir:///new
      2  ID  upgrade  MOMENT  TIME  completed  dir:///new

      "slotwright history ID" shows one step by step
      "
    `);
  });

  it('says what an unfinished operation owes, and what continues it', async () => {
    const machine = machineWith();
    await interruptedAt(machine, 'run-chroot-stage');
    const { stdout } = await cli(machine, 'history');
    expect(stdout).toMatch(/unfinished at (run-chroot-stage|mount-target)/);
    expect(stdout).toContain('next: "slotwright resume" continues upgrade');
  });

  it('tells one operation step by step, with what hooks said', async () => {
    const machine = machineWith();
    await interruptedAt(machine, 'deploy-image');
    await cli(machine, 'resume');
    const { stdout } = await cli(machine, 'history last');
    const story = masked(stdout);
    expect(story).toContain('interrupted: stopped by SIGINT');
    expect(story).toContain('continued by slotwright test');
    expect(story).toMatch(/starts over with target 2/);
    expect(story).toContain('hook after-upgrade-chroot: install vim (/oem/install.yaml)');
    expect(story).toContain('\n  installing vim\n');
    expect(story).toContain('deploy-image  TIME');
    expect(story).toMatch(/completed after TIME, in 2 processes\n$/);
    expect(story).not.toContain('holds');
  });

  it('tells of every record with --debug', async () => {
    const machine = machineWith();
    await cli(machine, LINE);
    const { stdout } = await cli(machine, 'history last --debug');
    expect(stdout).toContain('deploy-image begun');
    expect(stdout).toContain('holds ');
  });

  it('tells why an upgrade was undone', async () => {
    const machine = machineWith({
      hooks: [
        {
          stage: 'after-upgrade-chroot',
          source: '/oem/install.yaml',
          step: 'install vim',
          fails: 'exit code 104',
        },
      ],
    });
    const { exit } = await cli(machine, `${LINE} --strict`);
    expect(exit).toBe(39);
    const { stdout } = await cli(machine, 'history last');
    expect(stdout).toContain('run-chroot-stage failed');
    expect(stdout).toMatch(/rolled-back after/);
  });
});

describe('JSON output is as its schema says:', () => {
  const { output: anyStatus } = status;
  const { output: anyHistory } = history;
  const { output: anyOutcome } = upgrade;

  it.each(['deploy-image', 'set-passive', 'none'])('interrupted at %s', async (step) => {
    const machine = machineWith();
    if (step !== 'none') await interruptedAt(machine, step);
    const document = async (line: string): Promise<unknown> =>
      JSON.parse((await cli(machine, `${line} --json`)).stdout);
    expect(() => anyStatus.parse(undefined)).toThrow();
    for (const line of ['status', 'history']) {
      const schema = line === 'status' ? anyStatus : anyHistory;
      expect(schema.safeParse(await document(line)).error).toBeUndefined();
    }
    expect(anyOutcome.safeParse(await document('resume')).error).toBeUndefined();
    if (step !== 'none') {
      expect(anyHistory.safeParse(await document('history last')).error).toBeUndefined();
    }
  });
});
