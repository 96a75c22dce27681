/** A plan against what then happens, on the simulated machine: same steps, same refusals, and nothing touched by planning. */
import { describe, expect, it } from 'vitest';
import type { PlanReport } from '../../src/inspect/plan-report.ts';
import { boot } from '../../src/system/simulated/cold-machine.ts';
import type { SimulatedMachine } from '../../src/system/simulated/machine.ts';
import { newMachine, type NewMachine } from '../../src/system/simulated/new-machine.ts';
import { sourceOf } from '../../src/system/simulated/sources.ts';
import { fingerprint } from '../support/simulated/fingerprint.ts';
import { liveMachine } from '../support/simulated/installing.ts';
import { logOf } from '../support/simulated/proof.ts';
import { runCli } from './run-cli.ts';
import { simulatedServices } from './simulated-services.ts';

const MIB = 2 ** 20;
const SLOTS = { active: 'one', passive: 'zero', recovery: 'rescue' } as const;

const sources = {
  '/new': sourceOf('two'),
  '/newer': sourceOf('three'),
  '/foreign': { ...sourceOf('two'), arch: 'aarch64' },
  '/empty': { kind: 'dir' as const, contents: new Map(), bytes: 0 },
  '/judged': sourceOf('two', { '/etc/slotwright/confirm': '' }),
  '/with-menu': sourceOf('two', { '/etc/cos/grub.cfg': 'menuentry one { boot }\n' }),
};

const machineWith = (more: Partial<NewMachine> = {}): SimulatedMachine =>
  newMachine({
    slots: SLOTS,
    sources,
    files: { '/oem/install.yaml': 'stages: {}', '/usr/local/data': 'of the user' },
    ...more,
  });

const IN_RECOVERY = { bootVariables: { saved_entry: 'recovery' } };
const inRecovery = (more: Partial<NewMachine> = {}): SimulatedMachine =>
  machineWith({ ...IN_RECOVERY, ...more });

const cli = (machine: SimulatedMachine, line: string) =>
  runCli(line, { services: simulatedServices(machine) });

async function planned(machine: SimulatedMachine, line: string): Promise<PlanReport> {
  const { stdout } = await cli(machine, `plan ${line} --json`);
  return JSON.parse(stdout) as PlanReport;
}

/** Everything of a machine that planning could touch. */
function stateOf(machine: SimulatedMachine): unknown {
  return {
    disks: fingerprint(machine.cut('kept')),
    settled: fingerprint(machine.cut('lost')),
    journals: [...machine.cut('kept').disks.values()].map(({ versions }) => versions),
    mounts: machine.mounts,
    modes: machine.roles().map((role) => machine.disk(role).mode),
    trees: machine.roles().map((role) => [...machine.disk(role).held]),
    locks: [...machine.locks],
    descriptors: [...machine.descriptors],
    processes: [...machine.processes],
    power: machine.power,
    drive: machine.drive,
  };
}

interface Did {
  readonly step: string;
  readonly how: string;
  readonly reason: string | undefined;
}

/** The steps that the last operations of a log recorded, in order. */
function stepsDone(machine: SimulatedMachine, after: number): readonly Did[] {
  return logOf(machine)
    .flat()
    .filter(({ seq }) => seq > after)
    .flatMap(({ event }) =>
      event.type === 'step.completed'
        ? [{ step: `${event.phase} ${event.step}`, how: event.how, reason: event.reason }]
        : [],
    );
}

/** The log of what is done before there is a COS_STATE is not kept by a simulated machine. */
const stepsPlanned = ({ steps }: PlanReport): readonly Did[] =>
  steps
    .filter(({ operation }) => operation !== 'prepare-disk')
    .map(({ phase, name, does, reason }) => ({
      step: `${phase} ${name}`,
      how: does === 'skip' ? 'skipped' : 'ran',
      reason,
    }));

const lastRecord = (machine: SimulatedMachine): number =>
  Math.max(0, ...logOf(machine).flatMap((records) => records.map(({ seq }) => seq)));

async function restarted(machine: SimulatedMachine): Promise<SimulatedMachine> {
  const next = boot(machine.shutDown());
  if (next === undefined) throw new Error('nothing boots');
  return next;
}

/** Stopped by Ctrl-C as soon as this step begins. */
async function interruptedAt(step: string, line: string, machine = machineWith()) {
  const services = simulatedServices(machine);
  const running = runCli(line, {
    services: {
      ...services,
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
  await running;
  return machine;
}

const UPGRADE = 'upgrade --system.uri dir:///new';

const CASES: Readonly<Record<string, () => Promise<readonly [SimulatedMachine, string]>>> = {
  'an upgrade': async () => [machineWith(), UPGRADE],
  'an upgrade whose boots are judged': async () => [
    machineWith({ menu: 'counts' }),
    'upgrade --system.uri dir:///judged',
  ],
  'an upgrade that is judged by a file of another menu': async () => [
    machineWith({ menu: 'reads grubcustom' }),
    'upgrade --system.uri dir:///judged',
  ],
  'an upgrade of a machine that runs passive': async () => [
    machineWith({ bootVariables: { saved_entry: 'fallback' } }),
    UPGRADE,
  ],
  'an upgrade in recovery': async () => [inRecovery(), UPGRADE],
  'an upgrade of what has not been booted yet': async () => {
    const machine = machineWith();
    await cli(machine, UPGRADE);
    return [machine, 'upgrade --system.uri dir:///newer'];
  },
  'an upgrade after an upgrade': async () => {
    const machine = machineWith();
    await cli(machine, UPGRADE);
    return [await restarted(machine), 'upgrade --system.uri dir:///newer'];
  },
  'the same upgrade again': async () => {
    const machine = machineWith();
    await cli(machine, UPGRADE);
    return [machine, UPGRADE];
  },
  'an upgrade of recovery': async () => [
    machineWith(),
    'upgrade --recovery --recovery-system.uri dir:///new',
  ],
  'an upgrade of recovery by its own name': async () => [
    machineWith(),
    'upgrade-recovery --recovery-system.uri dir:///new',
  ],
  'a rollback': async () => [machineWith(), 'rollback'],
  'a rollback of a machine that runs passive': async () => [
    machineWith({ bootVariables: { saved_entry: 'fallback' } }),
    'promote',
  ],
  'a reset': async () => [inRecovery(), 'reset'],
  'a reset to another image with another menu, erasing everything': async () => [
    inRecovery(),
    'reset --system.uri dir:///with-menu --reset-persistent --reset-oem',
  ],
  'a reset that has to give up passive': async () => [
    inRecovery({ stateBytes: 1000 * MIB }),
    'reset --system.uri dir:///new',
  ],
  'a reset of a volume that cannot be mounted': async () => [
    inRecovery({ damaged: ['persistent'] }),
    'reset --reset-persistent',
  ],
  'a deployment': async () => [
    newMachine({ slots: { recovery: 'rescue' }, sources }),
    'deploy dir:///new',
  ],
  'a deployment over a system': async () => [machineWith(), 'deploy dir:///new --force'],
  'an installation': async () => [liveMachine(), 'install /dev/vda'],
  'resuming nothing': async () => [machineWith(), 'resume'],
  'resuming where the image is written': async () => [
    await interruptedAt('deploy-image', UPGRADE),
    'resume',
  ],
  'resuming where the image is sealed': async () => [
    await interruptedAt('unmount-target', UPGRADE),
    'resume',
  ],
  'resuming past the pivot': async () => [await interruptedAt('set-passive', UPGRADE), 'resume'],
  'the same request where it was interrupted': async () => [
    await interruptedAt('run-chroot-stage', UPGRADE),
    UPGRADE,
  ],
  'giving up what was interrupted': async () => [
    await interruptedAt('arm-judgement', UPGRADE),
    'abort',
  ],
};

describe('the plan of', () => {
  it.each(Object.entries(CASES))(
    '%s has the steps that are then recorded, and touches nothing',
    async (_, begin) => {
      const [machine, line] = await begin();
      const before = stateOf(machine);
      const plan = await planned(machine, line);
      expect(stateOf(machine)).toEqual(before);
      const since = lastRecord(machine);
      const { exit, stdout, stderr } = await cli(machine, `${line} --json`);
      expect(exit, stdout + stderr).toBe(0);
      expect(plan.exit).toBe(0);
      expect(plan.refusal).toBeUndefined();
      expect(stepsPlanned(plan)).toEqual(stepsDone(machine, since));
      expect(plan.outcome).toBe((JSON.parse(stdout) as { outcome: string }).outcome);
    },
  );

  it.each(Object.entries(CASES))('%s is the same by --dry-run', async (_, begin) => {
    const [machine, line] = await begin();
    const one = await cli(machine, `plan ${line}`);
    const other = await cli(machine, `${line} --dry-run`);
    const masked = (text: string) => text.replace(/sim\d{5}/g, 'ID');
    expect(masked(one.stdout)).toBe(masked(other.stdout));
    expect(one.exit).toBe(other.exit);
  });
});

describe('a plan tells', () => {
  it('what a power cut leaves in each step, from the plan and from what the menu would find', async () => {
    const { steps, nextBoot } = await planned(
      machineWith({ menu: 'counts' }),
      'upgrade --system.uri dir:///judged',
    );
    const cut = (name: string) => steps.find((step) => step.name === name)?.powerLoss;
    expect(cut('deploy-image')).toEqual({
      boots: ['active (as it is)'],
      wayBack: true,
      whenInterrupted: 'discard to mount-target',
      says: 'the machine starts active (as it is); "resume" throws the new image away and makes it again (mount-target), "abort" undoes it',
    });
    expect(cut('set-active')).toMatchObject({
      boots: ['active (as it is)', 'active (the new system)'],
      wayBack: false,
    });
    expect(cut('set-passive')).toMatchObject({
      boots: ['active (the new system)'],
      says: 'the machine starts active (the new system); "resume" looks at the disk and does what is left of this step: from here on it only goes forward',
    });
    expect(nextBoot).toEqual({
      slot: 'active',
      why: 'the active image is on trial, 3 attempts left',
    });
  });

  it('that nothing boots while a disk is divided', async () => {
    const { steps } = await planned(liveMachine(), 'install /dev/vda');
    expect(steps.find(({ name }) => name === 'divide-disk')?.powerLoss?.says).toBe(
      'nothing of this disk boots; the same command again starts over',
    );
  });

  it('how long it took here before, and nothing where it was never done', async () => {
    const machine = machineWith();
    expect((await planned(machine, UPGRADE)).expectedMs).toBeUndefined();
    await cli(machine, UPGRADE);
    const again = await planned(await restarted(machine), 'upgrade --system.uri dir:///newer');
    expect(again.expectedMs).toBeGreaterThan(0);
    expect((await planned(machine, 'rollback')).expectedMs).toBeUndefined();
  });

  it('the files that hooks of each stage are read from, and what would come after it', async () => {
    const { stdout } = await cli(machineWith(), `plan ${UPGRADE} --reboot`);
    expect(stdout).toContain(
      'hooks of before-upgrade, after-upgrade-chroot, after-upgrade, post-upgrade are read from',
    );
    expect(stdout).toContain('    /oem/install.yaml\n');
    expect(stdout).toContain('then the machine would reboot\n');
  });

  it('that it continues what is unfinished', async () => {
    const machine = await interruptedAt('deploy-image', UPGRADE);
    const { continues } = await planned(machine, 'resume');
    const { stdout } = await cli(machine, 'status --json');
    expect(continues).toBe((JSON.parse(stdout) as { unfinished: { id: string } }).unfinished.id);
  });

  it('nothing, and does nothing, for what cannot be planned', async () => {
    const { exit, stderr } = await cli(machineWith(), 'plan status');
    expect(exit).toBe(1);
    expect(stderr).toContain('it takes upgrade,');
    expect((await runCli('plan upgrade', { host: { root: false } })).exit).toBe(58);
  });

  it('of being stopped by Ctrl-C that it was stopped', async () => {
    const services = simulatedServices(machineWith());
    const running = runCli(`plan ${UPGRADE}`, {
      services: {
        ...services,
        plan: async (...asked) => {
          running.stop('SIGINT');
          if (services.plan === undefined) throw new Error('unreachable');
          return services.plan(...asked);
        },
      },
    });
    expect((await running).exit).toBe(130);
  });
});

const REFUSALS: Readonly<Record<string, () => Promise<readonly [SimulatedMachine, string]>>> = {
  'a source with nothing in it': async () => [machineWith(), 'upgrade --system.uri dir:///empty'],
  'an image for another machine': async () => [
    machineWith(),
    'upgrade --system.uri dir:///foreign',
  ],
  'too little room': async () => [machineWith({ stateBytes: 600 * MIB }), UPGRADE],
  'another request while one is unfinished': async () => [
    await interruptedAt('deploy-image', UPGRADE),
    'upgrade --system.uri dir:///newer',
  ],
  'an image on trial': async () => {
    const machine = machineWith({ menu: 'counts' });
    await cli(machine, 'upgrade --system.uri dir:///judged');
    return [await restarted(machine), 'upgrade --system.uri dir:///newer'];
  },
  'a reset outside recovery': async () => [machineWith(), 'reset'],
  'a deployment over a system': async () => [machineWith(), 'deploy dir:///new'],
  'no passive to go back to': async () => [
    machineWith({ slots: { active: 'one', recovery: 'rescue' } }),
    'rollback',
  ],
  'nothing to be undone past the pivot': async () => [
    await interruptedAt('set-passive', UPGRADE),
    'abort',
  ],
};

describe('what would be refused is refused by the plan with the same error and exit code:', () => {
  it.each(Object.entries(REFUSALS))('%s', async (_, begin) => {
    const [machine, line] = await begin();
    const before = stateOf(machine);
    const plan = await planned(machine, line);
    const told = await cli(machine, `plan ${line}`);
    expect(stateOf(machine)).toEqual(before);
    const real = await cli(machine, `${line} --json`);
    const { error } = JSON.parse(real.stdout) as { error: PlanReport['refusal'] };
    expect(plan.refusal).toEqual(error);
    expect(plan.exit).toBe(real.exit);
    expect(told.exit).toBe(real.exit);
    expect(told.stderr).toContain(`error: ${error?.message ?? ''}\n`);
    expect(told.stdout).toBe('');
  });
});

describe('the room for an operation', () => {
  const images = 2 * (456 / 2);
  const BOUNDARIES: Readonly<
    Record<string, readonly [line: string, mebibytes: number, more: Partial<NewMachine>]>
  > = {
    'an upgrade': [UPGRADE, images + 457 + 32, {}],
    'a rollback': ['rollback', images + 456 + 32, {}],
    'a reset': ['reset --system.uri dir:///new', 2 * 457 + 32, IN_RECOVERY],
  };

  it.each(Object.entries(BOUNDARIES))(
    'is too little for the plan of %s exactly where it is too little for itself',
    { timeout: 120_000 },
    async (_, [line, mebibytes, more]) => {
      const found = new Set<number>();
      for (let away = -1024; away <= 1024; away += 64) {
        for (const odd of [-400, -1, 0, 1]) {
          const stateBytes = mebibytes * MIB + away * 1024 + odd;
          const machine = machineWith({ ...more, stateBytes });
          const plan = await planned(machine, line);
          const { exit } = await cli(machine, line);
          expect(plan.exit, String(stateBytes)).toBe(exit);
          found.add(exit);
        }
      }
      expect([...found].sort()).toEqual([0, 94]);
    },
  );
});
