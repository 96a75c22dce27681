import { describe, expect, it } from 'vitest';
import { momentAt, momentSchema, momentsOf, type Moment } from '../../../src/inspect/moment.ts';
import type { ReadSegment } from '../../../src/inspect/history-rows.ts';
import type { LifecycleEvent } from '../../../state/records.ts';
import { resume, upgrade, wishFor } from '../../support/simulated/commands.ts';
import { booted } from '../../support/simulated/stories.ts';
import { killedAt, segmentsOf } from '../../support/simulated/inspected.ts';

type Found = (event: LifecycleEvent) => boolean;

/** The moment after the first record of the last operation that is so. */
function momentAfter(segments: readonly ReadSegment[], found: Found): Moment {
  const record = segments.at(-1)?.records.find(({ event }) => found(event));
  const moment = record === undefined ? undefined : momentAt(segments, record.seq);
  if (moment === undefined) throw new Error('no record is like that');
  return moment;
}

const completed =
  (step: string): Found =>
  (event) =>
    event.type === 'step.completed' && event.step === step;

async function upgraded(): Promise<readonly ReadSegment[]> {
  const machine = await booted.fromActive.begin();
  await upgrade(machine, wishFor('/new'));
  return segmentsOf(machine);
}

async function killedAndResumed(moment: string): Promise<readonly ReadSegment[]> {
  const killed = await killedAt(moment, await booted.fromActive.begin(), (machine) =>
    upgrade(machine, wishFor('/new')),
  );
  await resume(killed);
  return segmentsOf(killed);
}

describe('a moment of an operation', () => {
  it('knows the step that is owed, and what is held for it', async () => {
    const moment = momentAfter(
      await upgraded(),
      (event) => event.type === 'step.started' && event.step === 'run-chroot-stage',
    );
    expect(moment).toMatchObject({
      operation: 'upgrade',
      event: 'step.started',
      state: 'run-chroot-stage',
      owed: { step: 'run-chroot-stage', phase: 'run' },
      attempts: 1,
      generation: 1,
    });
  });

  it('holds what the step needs while that runs, and nothing in the end', async () => {
    const segments = await upgraded();
    const inside = momentAfter(segments, completed('run-chroot-stage'));
    expect(inside.held).toEqual(['partitions', 'target', 'volumes']);
    const end = momentAfter(segments, (event) => event.type === 'operation.completed');
    expect(end.held).toEqual([]);
    expect(end).toMatchObject({ state: 'completed', outcome: 'completed' });
    expect(end.owed).toBeUndefined();
  });

  it('shows the slots change hands at the switch, one after the other', async () => {
    const segments = await upgraded();
    const [before, pivot, rotated] = ['retire-active', 'set-active', 'set-passive'].map((step) =>
      momentAfter(segments, completed(step)),
    );
    expect(pivot?.slots.active?.id).not.toBe(before?.slots.active?.id);
    expect(pivot?.slots.active).toMatchObject({ label: 'COS_ACTIVE', source: 'dir:///new' });
    expect(pivot?.slots.passive).toEqual(before?.slots.passive);
    expect(rotated?.slots.passive?.id).toBe(before?.slots.active?.id);
    expect(rotated?.slots.passive?.label).toBe('COS_PASSIVE');
  });

  it('shows the boot environment as it was last read, and in which record', async () => {
    const segments = await upgraded();
    const [first] = segments.at(-1)?.records.filter(({ event }) => 'inventory' in event) ?? [];
    const early = momentAfter(segments, completed('publish-state'));
    expect(early.environmentSeq).toBe(first?.seq);
    const end = momentAfter(segments, (event) => event.type === 'operation.completed');
    expect(end.environmentSeq).toBe(end.seq);
    expect(end.environment).toMatchObject({ active_label: 'COS_ACTIVE' });
  });

  it('has no state before its operation began', async () => {
    const [first] = await upgraded();
    const seq = first?.records[0]?.seq ?? 0;
    const moment = momentAt(first === undefined ? [] : [first], seq);
    expect(moment?.event).toBe('chain.started');
    expect(moment?.state).toBeUndefined();
    expect(moment?.slots).toEqual({});
  });

  it('of a record that nobody holds does not exist', async () => {
    expect(momentAt(await upgraded(), 100_000)).toBeUndefined();
  });

  it('of a later operation still knows what earlier ones put into the slots', async () => {
    const machine = await booted.twice.begin();
    await upgrade(machine, wishFor('/newer'));
    const segments = await segmentsOf(machine);
    const begun = momentAfter(segments, (event) => event.type === 'operation.started');
    expect(begun.slots.active?.source).toBe('dir:///new');
  });

  it('after a kill holds nothing, counts the attempt, and has a new target', async () => {
    const segments = await killedAndResumed('append step.started deploy-image: durable');
    const resumed = momentAfter(segments, (event) => event.type === 'operation.resumed');
    expect(resumed).toMatchObject({ state: 'deploy-image', attempts: 1, held: [] });
    const spoiled = momentAfter(segments, (event) => event.type === 'target.spoiled');
    expect(spoiled).toMatchObject({ state: 'mount-target', generation: 2 });
  });

  it('is the same whether asked for alone or with all others', async () => {
    const segments = await killedAndResumed('append step.started set-passive: durable');
    for (const segment of segments) {
      const alone = segment.records.map(({ seq }) => momentAt(segments, seq));
      expect(momentsOf(segments, segment)).toEqual(alone);
    }
  });

  it('is as its schema says, everywhere', async () => {
    const segments = await upgraded();
    for (const segment of segments) {
      for (const moment of momentsOf(segments, segment)) {
        expect(momentSchema.parse(moment)).toEqual(moment);
      }
    }
  });
});
