/** Resets and deployments that are cut anywhere, fail or are aborted, on simulated machines. */
import { afterAll, describe, expect, it } from 'vitest';
import { reset as resetOperation } from '../../machines/reset.ts';
import { planOf } from '../../machines/step.ts';
import { resetDevice } from '../../src/engine/reset.ts';
import type { SimulatedMachine } from '../../src/system/simulated/machine.ts';
import { transitionsIn } from '../support/simulated/chart-coverage.ts';
import { wishFor } from '../support/simulated/commands.ts';
import { ALL, createProof, FEW, SOME } from '../support/simulated/proof.ts';
import { ask, deploying, resetting, type Story } from '../support/simulated/stories.ts';
import { abortedAt, failingAt, type Ask } from '../support/simulated/trouble.ts';

/** One story runs for seconds, on a busy machine for longer. */
const LONG = 120_000;
const plan = planOf(resetOperation);
const steps = plan.steps.map(({ name }) => name);
const pivot = steps.indexOf(plan.pivot ?? '');
const proof = createProof('reset and deploy');
afterAll(() => {
  proof.tell();
});

const resetTo =
  (source: string, erase: 'nothing' | 'everything'): Ask =>
  (machinery, controls) =>
    resetDevice(
      machinery,
      {
        ...wishFor(source),
        erase: erase === 'nothing' ? [] : ['persistent', 'oem'],
        over: 'nothing',
      },
      controls,
    );

describe('a reset that is cut anywhere and carried on keeps every law, and recovery boots throughout', () => {
  it.each(Object.values(resetting))('on a machine that $name', { timeout: LONG }, async (story) => {
    // Which system it comes up in decides there, within a few moments: none is left out.
    const sampling = story === resetting.once ? ALL : SOME;
    const how = { ends: 'completed', sampling } as const;
    expect(await proof.matrix(story, (machine) => ask(story, machine), how)).toEqual([]);
  });
});

describe('a deployment that is cut anywhere and carried on keeps every law', () => {
  it.each(Object.values(deploying))('on a machine that $name', { timeout: LONG }, async (story) => {
    const how = { ends: 'completed', sampling: SOME } as const;
    expect(await proof.matrix(story, (machine) => ask(story, machine), how)).toEqual([]);
  });
});

describe('a reset of which a step fails', () => {
  it.each(steps.slice(0, pivot))(
    'is undone before the pivot, wherever it is cut: %s',
    { timeout: LONG },
    async (step) => {
      // What was erased or given up is gone, as was asked for; the rest is as it was.
      const story = {
        'format-volumes': resetting.erasing,
        'erase-volumes': resetting.erasing,
        'make-room': { ...resetting.withoutPassive, mayEnd: 'undone' as const },
      }[step];
      const { newMenu } = resetting;
      const how = { ends: 'rolled-back', sampling: FEW } as const;
      const failing = failingIn(step, story ?? newMenu);
      expect(await proof.matrix(story ?? newMenu, failing, how)).toEqual([]);
    },
  );

  it.each(steps.slice(pivot))(
    'goes on after the pivot, wherever it is cut: %s',
    { timeout: LONG },
    async (step) => {
      const { newMenu } = resetting;
      const how = {
        from: `append step.failed ${step}`,
        ends: ['clear-state', 'run-post-stage'].includes(step) ? 'completed' : 'attention',
        sampling: FEW,
      } as const;
      expect(await proof.matrix(newMenu, failingIn(step, newMenu), how)).toEqual([]);
    },
  );
});

it.each(steps)(
  'a reset that is aborted before %s is undone, or goes on past the pivot',
  { timeout: LONG },
  async (step) => {
    const { newMenu } = resetting;
    const aborted = (machine: SimulatedMachine) =>
      abortedAt(step, machine, resetTo(newMenu.source, 'nothing'));
    const how = {
      from: 'append operation.interrupted',
      ends: steps.indexOf(step) <= pivot ? 'rolled-back' : 'completed',
      sampling: FEW,
    } as const;
    expect(await proof.matrix(newMenu, aborted, how)).toEqual([]);
  },
);

it('every transition of the chart was taken by these resets', () => {
  const untaken = [...transitionsIn(plan)].filter((transition) => !proof.taken.has(transition));
  expect(untaken).toEqual([]);
});

function failingIn(step: string, { source, name }: Story) {
  const erase = name === resetting.erasing.name ? 'everything' : 'nothing';
  return (machine: SimulatedMachine) => failingAt(step, machine, resetTo(source, erase));
}
