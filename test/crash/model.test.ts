import { afterAll, describe, expect, it } from 'vitest';
import { upgrade as operation } from '../../machines/upgrade.ts';
import { upgradeRecovery } from '../../machines/upgrade-recovery.ts';
import { planOf } from '../../machines/step.ts';
import { upgradeDevice } from '../../src/engine/upgrade.ts';
import { judgeEnd } from '../../src/proof/laws.ts';
import { factsNow } from '../../src/proof/simulated-facts.ts';
import type { SimulatedMachine } from '../../src/system/simulated/machine.ts';
import { beforeOf } from '../support/simulated/carry-on.ts';
import { transitionsIn } from '../support/simulated/chart-coverage.ts';
import { resume, upgrade, wishFor } from '../support/simulated/commands.ts';
import { ALL, createProof, FEW, logOf, SOME } from '../support/simulated/proof.ts';
import { booted, recovering, wishOf, type Story } from '../support/simulated/stories.ts';
import { abortedAt, failingAt, stoppedAtMoment, type Ask } from '../support/simulated/trouble.ts';

/** One story runs for seconds, on a busy machine for longer. */
const LONG = 120_000;

const plan = planOf(operation);
const steps = plan.steps.map(({ name }) => name);
const pivot = steps.indexOf(plan.pivot ?? '');
const proof = createProof('upgrade');
afterAll(() => {
  proof.tell();
});

/** An upgrade to this source, as the engine is asked for it. */
const upgradeTo =
  (source: string): Ask =>
  (machinery, controls) =>
    upgradeDevice(machinery, wishFor(source), controls);

describe('an upgrade that is cut anywhere and carried on keeps every law', () => {
  it.each(Object.values(booted))('on a machine that $name', { timeout: LONG }, async (story) => {
    await matrix(story, (machine) => upgrade(machine, wishFor(story.source)), {
      ends: 'completed',
      sampling: story === booted.fromActive ? ALL : SOME,
    });
  });
});

describe('an upgrade of the recovery system that is cut anywhere and carried on keeps every law', () => {
  it.each(Object.values(recovering))(
    'on a machine that $name',
    { timeout: LONG },
    async (story) => {
      await matrix(story, (machine) => upgrade(machine, wishOf(story)), {
        ends: 'completed',
        sampling: SOME,
      });
    },
  );
});

describe('an upgrade of which a step fails', () => {
  it.each(steps.slice(0, pivot))(
    'is undone before the pivot, wherever it is cut: %s',
    { timeout: LONG },
    async (step) => {
      await matrix(booted.judged, (machine) => failingAt(step, machine, upgradeTo('/judged')), {
        ends: 'rolled-back',
        sampling: FEW,
      });
    },
  );

  it.each(steps.slice(pivot))(
    'goes on after the pivot, wherever it is cut: %s',
    { timeout: LONG },
    async (step) => {
      await matrix(booted.judged, (machine) => failingAt(step, machine, upgradeTo('/judged')), {
        from: `append step.failed ${step}`,
        ends: step === 'run-post-stage' ? 'completed' : 'attention',
        sampling: FEW,
      });
    },
  );
});

it.each(steps)(
  'an upgrade that is aborted before %s is undone, or goes on past the pivot',
  { timeout: LONG },
  async (step) => {
    const index = steps.indexOf(step);
    await matrix(booted.fromActive, (machine) => abortedAt(step, machine, upgradeTo('/new')), {
      from: 'append operation.interrupted',
      ends: index <= pivot ? 'rolled-back' : 'completed',
      sampling: FEW,
    });
  },
);

describe('an upgrade of the recovery system', () => {
  const recoverySteps = planOf(upgradeRecovery).steps.map(({ name }) => name);
  const switched = recoverySteps.indexOf('set-recovery');
  const stories = [recovering.fromActive, recovering.fromRecovery];
  const asked =
    (story: Story): Ask =>
    (machinery, controls) =>
      upgradeDevice(machinery, wishOf(story), controls);
  const cases = stories.flatMap((story) =>
    recoverySteps.slice(0, switched).map((step) => ({ name: story.name, step, story })),
  );

  it.each(cases)(
    'of which $step fails is undone, wherever it is cut, on a machine that $name',
    { timeout: LONG },
    async ({ step, story }) => {
      const skipped = step === 'pack-image';
      await matrix(story, (machine) => failingAt(step, machine, asked(story)), {
        ends: skipped ? 'completed' : 'rolled-back',
        sampling: FEW,
      });
    },
  );

  // Before its first step nothing is on record that could be aborted.
  it.each(cases.filter(({ step }) => step !== recoverySteps[0]))(
    'that is aborted before $step is undone, wherever it is cut, on a machine that $name',
    { timeout: LONG },
    async ({ step, story }) => {
      await matrix(story, (machine) => abortedAt(step, machine, asked(story)), {
        from: 'append operation.interrupted',
        ends: 'rolled-back',
        sampling: FEW,
      });
    },
  );
});

it('every transition of the chart was taken by these upgrades', () => {
  const untaken = [...transitionsIn(plan)].filter((transition) => !proof.taken.has(transition));
  expect(untaken).toEqual([]);
});

it('a signal at any moment interrupts and never fails an upgrade', { timeout: LONG }, async () => {
  const story = booted.fromActive;
  let moments = 0;
  const counted = await story.begin();
  counted.onMoment = () => (moments += 1);
  await upgrade(counted, wishFor(story.source));
  for (let moment = 1; moment <= moments; moment += 3) {
    const machine = await story.begin();
    const before = beforeOf(machine);
    const { outcome } = await stoppedAtMoment(moment, machine, upgradeTo(story.source));
    expect(['interrupted', 'completed']).toContain(outcome);
    expect(typesIn(machine)).not.toContain('step.failed');
    expect(factsNow(machine).held).toEqual([]);
    const end = await resume(machine);
    expect(['completed', 'nothing-to-do']).toContain(end.outcome);
    expect(judgeEnd(factsNow(machine), before)).toEqual([]);
  }
});

it('a step that dies three times is given up: undone before the pivot, left for attention after it', async () => {
  const dying = async (step: string): Promise<SimulatedMachine> => {
    let machine = await booted.fromActive.begin();
    for (let death = 0; death < 3; death += 1) {
      let dead: SimulatedMachine | undefined;
      machine.onMoment = (what, now) => {
        if (what === `append step.started ${step}: durable`) dead ??= now.kill();
      };
      await upgrade(machine, wishFor('/new'));
      if (dead === undefined) throw new Error(`${step} never began`);
      machine = dead;
    }
    return machine;
  };
  const early = await dying('verify-image');
  expect(await resume(early)).toMatchObject({ outcome: 'rolled-back' });
  const late = await dying('publish-state');
  expect(await resume(late)).toMatchObject({ outcome: 'attention' });
  expect(await resume(late, { attempts: 'once-more' })).toMatchObject({ outcome: 'completed' });
});

async function matrix(...experiment: Parameters<typeof proof.matrix>): Promise<void> {
  expect(await proof.matrix(...experiment)).toEqual([]);
}

function typesIn(machine: SimulatedMachine): readonly string[] {
  return logOf(machine).flatMap((records) => records.map(({ event }) => event.type));
}
