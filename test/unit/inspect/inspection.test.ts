import { describe, expect, it } from 'vitest';
import { inspectionOf, inspectionSchema } from '../../../src/inspect/inspection.ts';
import type { PathState } from '../../../src/inspect/path-taken.ts';
import { assess, upgrade, wishFor } from '../../support/simulated/commands.ts';
import {
  completedUpgrade,
  inspected,
  resumedUpgrade,
  segmentsOf,
  undoneUpgrade,
  unfinishedUpgrade,
} from '../../support/simulated/inspected.ts';
import { booted } from '../../support/simulated/stories.ts';
import { boot } from '../../../src/system/simulated/cold-machine.ts';

const stateIn = (states: readonly PathState[], name: string): PathState | undefined =>
  states.find((state) => state.name === name);

describe('the path that an operation took', () => {
  it('of a straight one goes from step to step into the end', async () => {
    const { path, chart } = inspected(await completedUpgrade());
    expect(path.now).toBe('completed');
    expect(path.states.map(({ name }) => name)).toEqual(
      chart.states
        .filter(({ kind, name }) => kind !== 'undo' && name !== 'rolled-back')
        .map(({ name }) => name),
    );
    expect(stateIn(path.states, 'completed')?.result).toBe('reached');
    expect(path.edges.every(({ times }) => times === 1)).toBe(true);
  });

  it('of one that failed leads from the step that failed into the undo chain', async () => {
    const { path } = inspected(await undoneUpgrade());
    expect(stateIn(path.states, 'run-chroot-stage')).toMatchObject({ result: 'failed', starts: 1 });
    expect(path.edges).toContainEqual(
      expect.objectContaining({ from: 'run-chroot-stage', to: 'undo:mount-target' }),
    );
    expect(path.now).toBe('rolled-back');
  });

  it('of one that was killed tells where, how often, and which way it went back', async () => {
    const { path } = inspected(await resumedUpgrade());
    expect(stateIn(path.states, 'deploy-image')).toMatchObject({
      result: 'done',
      starts: 2,
      interruptions: 1,
      resumes: 1,
    });
    expect(stateIn(path.states, 'set-passive')).toMatchObject({ starts: 2, interruptions: 1 });
    expect(path.edges).toContainEqual(
      expect.objectContaining({
        from: 'deploy-image',
        to: 'mount-target',
        event: 'target.spoiled',
      }),
    );
  });

  it('of one that failed past the switch stands at the step that it owes', async () => {
    const { path } = inspected(await unfinishedUpgrade());
    expect(path.now).toBe('set-passive');
    expect(stateIn(path.states, 'set-passive')?.result).toBe('failed');
    expect(path.states.map(({ name }) => name)).not.toContain('publish-state');
  });

  it('goes over edges of the chart only', async () => {
    for (const segments of [await resumedUpgrade(), await undoneUpgrade()]) {
      const { path, chart } = inspected(segments);
      for (const { from, to } of path.edges) {
        expect(chart.edges).toContainEqual(expect.objectContaining({ from, to }));
      }
    }
  });
});

describe('an inspection', () => {
  it('is as its schema says', async () => {
    for (const make of [completedUpgrade, undoneUpgrade, resumedUpgrade, unfinishedUpgrade]) {
      const inspection = inspected(await make());
      expect(inspectionSchema.parse(inspection)).toEqual(inspection);
      expect(inspection.moments.map(({ seq }) => seq)).toEqual(
        inspection.timeline.entries.map(({ seq }) => seq),
      );
    }
  });
});

describe('the causal chain', () => {
  it('of an upgrade that is judged goes on to the boot that judged it', async () => {
    const before = await booted.judged.begin();
    await upgrade(before, wishFor('/judged'));
    const machine = boot(before.shutDown());
    if (machine === undefined) throw new Error('nothing boots');
    await assess(machine);
    const segments = await segmentsOf(machine);
    const [upgraded, assessed] = segments;
    if (upgraded === undefined || assessed === undefined) throw new Error('two operations');
    const { chain } = inspected([upgraded, assessed]);
    expect(chain.map(({ part, id }) => [part, id])).toEqual([
      ['cause', upgraded.id],
      ['this', assessed.id],
    ]);
    expect(chain[1]?.text).toContain('was completed, and found the image confirmed');
    const first = inspectionOf(segments, upgraded)?.chain;
    expect(first?.at(-1)).toMatchObject({ part: 'consequence', id: assessed.id });
  });

  it('says which operation took the active slot later', async () => {
    const machine = await booted.twice.begin();
    await upgrade(machine, wishFor('/newer'));
    const segments = await segmentsOf(machine);
    const [first] = segments;
    const chain = first === undefined ? [] : (inspectionOf(segments, first)?.chain ?? []);
    expect(chain.at(-1)).toMatchObject({ part: 'consequence', id: segments[1]?.id });
    expect(chain.at(-1)?.text).toContain('another image in the active slot');
  });

  it('of an operation that stands alone is one sentence', async () => {
    const { chain } = inspected(await completedUpgrade());
    expect(chain).toHaveLength(1);
    expect(chain[0]?.text).toMatch(/^upgrade sim\d+ from dir:\/\/\/new was completed$/);
  });
});
