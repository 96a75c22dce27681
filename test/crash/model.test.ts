import { afterAll, describe, expect, it } from 'vitest';
import { upgrade as operation } from '../../machines/upgrade.ts';
import { planOf } from '../../machines/step.ts';
import type { Outcome } from '../../src/engine/machinery.ts';
import { judgeEnd } from '../../src/proof/laws.ts';
import { factsNow } from '../../src/proof/simulated-facts.ts';
import type { SimulatedMachine } from '../../src/system/simulated/machine.ts';
import type { EventRecord } from '../../state/records.ts';
import { beforeOf } from '../support/simulated/carry-on.ts';
import { transitionsIn, transitionsTaken } from '../support/simulated/chart-coverage.ts';
import { resume, upgrade, wishFor } from '../support/simulated/commands.ts';
import {
  crashMatrix,
  type Experiment,
  type Sampling,
  type Tally,
} from '../support/simulated/crash-matrix.ts';
import {
  ask,
  booted,
  deploying,
  recovering,
  resetting,
  wishOf,
  type Story,
} from '../support/simulated/stories.ts';
import {
  upgradeAbortedAt,
  upgradeFailingAt,
  upgradeStoppedAtMoment,
} from '../support/simulated/trouble.ts';

const ALL: Sampling = { carryOneIn: 1, cutAgainOneIn: 40, carryAgainOneIn: 20 };
const SOME: Sampling = { carryOneIn: 4, cutAgainOneIn: 20, carryAgainOneIn: 20 };
const FEW: Sampling = { carryOneIn: 9, cutAgainOneIn: 1000, carryAgainOneIn: 1 };
/** One story runs for seconds, on a busy machine for longer. */
const LONG = 120_000;

const plan = planOf(operation);
const steps = plan.steps.map(({ name }) => name);
const pivot = steps.indexOf(plan.pivot ?? '');
const tallies: Tally[] = [];
const taken = new Set<string>();
const spoiled = new Set<string>();

afterAll(() => {
  const sum = (of: (tally: Tally) => number): number =>
    tallies.reduce((total, tally) => total + of(tally), 0);
  const judged = sum(({ cuts, secondCuts }) => cuts + secondCuts);
  const carried = sum(({ carriedOn, secondCarriedOn }) => carriedOn + secondCarriedOn);
  const seconds = sum(({ secondCuts }) => secondCuts);
  process.stdout.write(
    `crash model: ${judged} cuts judged (${seconds} of them in a recovery), ${carried} carried on\n`,
  );
});

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

describe('a reset that is cut anywhere and carried on keeps every law, and recovery boots throughout', () => {
  it.each(Object.values(resetting))('on a machine that $name', { timeout: LONG }, async (story) => {
    await matrix(story, (machine) => ask(story, machine), {
      ends: 'completed',
      sampling: SOME,
    });
  });
});

describe('a deployment that is cut anywhere and carried on keeps every law', () => {
  it.each(Object.values(deploying))('on a machine that $name', { timeout: LONG }, async (story) => {
    await matrix(story, (machine) => ask(story, machine), {
      ends: 'completed',
      sampling: SOME,
    });
  });
});

describe('an upgrade of which a step fails', () => {
  it.each(steps.slice(0, pivot))(
    'is undone before the pivot, wherever it is cut: %s',
    { timeout: LONG },
    async (step) => {
      await matrix(
        booted.judged,
        (machine) => upgradeFailingAt(step, machine, wishFor('/judged')),
        {
          ends: 'rolled-back',
          sampling: FEW,
        },
      );
    },
  );

  it.each(steps.slice(pivot))(
    'goes on after the pivot, wherever it is cut: %s',
    { timeout: LONG },
    async (step) => {
      await matrix(
        booted.judged,
        (machine) => upgradeFailingAt(step, machine, wishFor('/judged')),
        {
          from: `append step.failed ${step}`,
          ends: step === 'run-post-stage' ? 'completed' : 'attention',
          sampling: FEW,
        },
      );
    },
  );
});

it.each(steps)(
  'an upgrade that is aborted before %s is undone, or goes on past the pivot',
  { timeout: LONG },
  async (step) => {
    const index = steps.indexOf(step);
    await matrix(booted.fromActive, (machine) => upgradeAbortedAt(step, machine, wishFor('/new')), {
      from: 'append operation.interrupted',
      ends: index <= pivot ? 'rolled-back' : 'completed',
      sampling: FEW,
    });
  },
);

it('every transition of the chart was taken by these upgrades', () => {
  const untaken = [...transitionsIn(plan)].filter((transition) => !taken.has(transition));
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
    const { outcome } = await upgradeStoppedAtMoment(moment, machine, wishFor(story.source));
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

async function matrix(
  story: Story,
  run: (machine: SimulatedMachine) => Promise<Outcome>,
  how: Pick<Experiment, 'from' | 'ends' | 'sampling'>,
): Promise<void> {
  let last: SimulatedMachine | undefined;
  const tally = await crashMatrix({
    story,
    run: async (machine) => {
      last = machine;
      return run(machine);
    },
    ...how,
    finished: noteSpoiled,
  });
  tallies.push(tally);
  for (const records of last === undefined ? [] : logOf(last)) {
    for (const transition of transitionsTaken(records)) taken.add(transition);
  }
  expect(tally.violations).toEqual([]);
}

/** Going back to an earlier step happens in recoveries alone. */
function noteSpoiled(machine: SimulatedMachine): void {
  for (const records of logOf(machine)) {
    const steps = records.flatMap(({ event }) =>
      event.type === 'target.spoiled' ? [event.step] : [],
    );
    if (steps.every((step) => spoiled.has(step))) continue;
    for (const step of steps) spoiled.add(step);
    for (const transition of transitionsTaken(records)) taken.add(transition);
  }
}

function logOf(machine: SimulatedMachine): readonly (readonly EventRecord[])[] {
  const { log } = factsNow(machine);
  return 'damage' in log ? [] : log;
}

function typesIn(machine: SimulatedMachine): readonly string[] {
  return logOf(machine).flatMap((records) => records.map(({ event }) => event.type));
}
