import { describe, expect, it } from 'vitest';
import { carriedOutAgain } from '../../../src/replay/again.ts';
import { FATES } from '../../../src/replay/fate.ts';
import { courseOf } from '../../../src/replay/course.ts';
import { whatIf } from '../../../src/replay/what-if.ts';
import { boot } from '../../../src/system/simulated/cold-machine.ts';
import { newMachine } from '../../../src/system/simulated/new-machine.ts';
import { sourceOf } from '../../../src/system/simulated/sources.ts';
import type { SimulatedMachine } from '../../../src/system/simulated/machine.ts';
import type { EventRecord } from '../../../state/records.ts';
import { abort, resume, upgrade, wishFor } from '../../support/simulated/commands.ts';
import { logOf } from '../../support/simulated/proof.ts';
import * as stories from '../../support/simulated/stories.ts';
import { ask, type Story } from '../../support/simulated/stories.ts';

const ALL: readonly (readonly [string, Story])[] = [
  ...Object.entries(stories.booted).map(([name, story]) => [`upgrade, ${name}`, story] as const),
  ...Object.entries(stories.recovering).map(([name, one]) => [`recovery, ${name}`, one] as const),
  ...Object.entries(stories.resetting).map(([name, story]) => [`reset, ${name}`, story] as const),
  ...Object.entries(stories.deploying).map(([name, story]) => [`deploy, ${name}`, story] as const),
];

const lastOf = (machine: SimulatedMachine): readonly EventRecord[] => logOf(machine).at(-1) ?? [];

/** One boundary in so many is cut. */
const ONE_IN = 7;

/** What is left of a machine when its tool is killed, or its power goes, after records of this story. */
async function cutsOf(story: Story): Promise<readonly (() => SimulatedMachine | undefined)[]> {
  const machine = await story.begin();
  const left: (() => SimulatedMachine | undefined)[] = [];
  machine.onMoment = (what, now) => {
    if (!/^append (?!chain).*: durable$/.test(what)) return;
    const [dead, cold] = [now.kill(), now.cut('lost')];
    left.push(
      () => dead.kill(),
      () => boot(cold),
    );
  };
  await ask(story, machine);
  return left.filter((_, index) => index % ONE_IN === 0);
}

describe('an operation carried out again from its log', () => {
  it.each(ALL)('does the same: %s', async (_, story) => {
    const machine = await story.begin();
    await ask(story, machine);
    expect(await carriedOutAgain(lastOf(machine))).not.toHaveProperty('difference');
  });

  it.each(ALL)(
    'does the same, wherever it was cut, and resumed or aborted: %s',
    async (_, story) => {
      const differences: unknown[] = [];
      for (const machineAfter of await cutsOf(story)) {
        for (const command of [resume, abort]) {
          const machine = machineAfter();
          if (machine === undefined) continue;
          // Past the switch there is nothing to abort.
          await command(machine).catch(() => undefined);
          const records = lastOf(machine);
          if (courseOf(records)[0]?.event.type !== 'operation.started') continue;
          const { difference } = await carriedOutAgain(records);
          if (difference !== undefined) differences.push(difference);
        }
      }
      expect(differences).toEqual([]);
    },
  );

  it('fails where it failed, and is undone as it was', async () => {
    const machine = newMachine({
      slots: { active: 'one', passive: 'zero', recovery: 'rescue' },
      sources: { '/new': { ...sourceOf('two'), arch: 'aarch64' } },
    });
    const { outcome, error } = await upgrade(machine, wishFor('/new'));
    expect({ outcome, code: error?.code }).toEqual({ outcome: 'rolled-back', code: 'wrong-arch' });
    expect(await carriedOutAgain(lastOf(machine))).not.toHaveProperty('difference');
  });

  it('tells the first record that comes differently', async () => {
    const machine = await stories.booted.fromActive.begin();
    await ask(stories.booted.fromActive, machine);
    const records = lastOf(machine).map((record) =>
      record.event.type === 'step.completed' && record.event.step === 'set-passive'
        ? { ...record, event: { ...record.event, how: 'skipped' as const } }
        : record,
    );
    const { difference } = await carriedOutAgain(records);
    expect(difference).toMatchObject({
      recorded: 'step.completed set-passive (skipped) -> publish-state',
      again: 'step.completed set-passive (ran) -> publish-state',
    });
  });
});

describe('another fate', () => {
  it.each(FATES)(
    '(%s) breaks no law after any record of an upgrade, and is got over',
    async (fate) => {
      const story = stories.booted.judged;
      const machine = await story.begin();
      await ask(story, machine);
      const records = lastOf(machine);
      const course = courseOf(records).filter(({ event }) => event.type !== 'operation.completed');
      for (const { seq } of course) {
        const { laws, outcome, boots } = await whatIf(records, seq, fate);
        expect({ seq, laws, over: outcome !== 'unfinished', boots }).toEqual({
          seq,
          laws: [],
          over: true,
          boots: 'active',
        });
      }
    },
  );

  it('of a full disk while the new system is written is that it is undone', async () => {
    const machine = await stories.booted.fromActive.begin();
    await ask(stories.booted.fromActive, machine);
    const records = lastOf(machine);
    const begun = records.find(
      ({ event }) => event.type === 'resource.acquired' && event.resource === 'target',
    );
    expect(await whatIf(records, begun?.seq ?? 0, 'full')).toMatchObject({
      recorded: 'completed',
      outcome: 'rolled-back',
      error: { code: 'no-space' },
      processes: 1,
    });
  });
});
