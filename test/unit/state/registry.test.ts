import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { EventStore } from '../../../state/event-store.ts';
import { openJsonlStore } from '../../../state/jsonl-store.ts';
import { MemoryEventStore } from '../../../state/memory-store.ts';
import { projectRegistry } from '../../../state/projections.ts';
import type { JsonValue, LifecycleEvent, SlotFacts } from '../../../state/records.ts';
import { openRegistry } from '../../../state/registry.ts';
import { completed, countingClock, interrupted, scratch, started } from './sample-log.ts';

function done(step: string, output: JsonValue): LifecycleEvent {
  return { type: 'step.completed', step, phase: 'run', how: 'ran', output, to: 'next' };
}

function failed(step: string): LifecycleEvent {
  const error = { code: 'x', message: 'x' };
  return { type: 'step.failed', step, phase: 'run', error, to: 'next' };
}

const A: SlotFacts = { slot: 'active', id: '1', bytes: 10, label: 'COS_ACTIVE', digest: 'sha-a' };
const P: SlotFacts = { slot: 'passive', id: '2', bytes: 20, label: 'COS_PASSIVE' };
const T = { id: '3', bytes: 30, digest: 'sha-t', label: 'COS_ACTIVE', source: 'oci://new' };

/** An upgrade as the log tells it, up to and with its last record. */
async function upgrade(store: EventStore, id: string): Promise<void> {
  await store.begin('upgrade', id);
  await store.append(started('upgrade', { slots: [A, P] }));
  await store.append(done('set-active', T));
  await store.append(done('set-passive', { id: '1' }));
  await store.append(done('run-post-stage', null));
  const after: SlotFacts[] = [
    { slot: 'active', id: '3', bytes: 30, label: 'COS_ACTIVE' },
    { slot: 'passive', id: '1', bytes: 10, label: 'COS_PASSIVE' },
  ];
  await store.append(completed({ slots: after }));
}

async function memory(write: (store: EventStore) => Promise<void>) {
  const store = new MemoryEventStore({ clock: countingClock() });
  await write(store);
  return projectRegistry(store.dump());
}

describe('the projection', () => {
  it('of an empty log is empty', () => {
    expect(projectRegistry([])).toMatchObject({ seq: 0, operations: [], slots: {}, confirmed: [] });
  });

  it('tells what is in the slots, from where and since when', async () => {
    const { slots } = await memory((store) => upgrade(store, 'u'));
    expect(slots.active).toEqual({
      ...T,
      key: 'key-of-upgrade',
      installedAt: expect.any(String) as string,
    });
    expect(slots.passive).toEqual({ id: '1', bytes: 10, label: 'COS_PASSIVE', digest: 'sha-a' });
  });

  it('tells how far each operation came', async () => {
    const { operations } = await memory(async (store) => {
      await upgrade(store, 'u');
      await store.begin('upgrade', 'v');
      await store.append(started('upgrade'));
      await store.append(failed('run-post-stage'));
    });
    expect(operations).toEqual([
      {
        id: 'u',
        segment: '000001-upgrade-u',
        operation: 'upgrade',
        outcome: 'completed',
        key: 'key-of-upgrade',
        startedAt: expect.any(String) as string,
        finishedAt: expect.any(String) as string,
        postStage: 'ok',
        bootId: 'boot-1',
      },
      expect.objectContaining({ id: 'v', postStage: 'failed' }),
    ]);
    expect(operations[1]).not.toHaveProperty('outcome');
  });

  it('counts the image that was booted as seen running, not the one that took its name since', async () => {
    const { confirmed } = await memory((store) => upgrade(store, 'u'));
    expect(confirmed).toEqual(['sha-a']);
  });

  it('counts the new image once a later boot is seen running it', async () => {
    const slots: SlotFacts[] = [
      { slot: 'active', id: '3', bytes: 30 },
      { slot: 'passive', id: '1', bytes: 10 },
    ];
    const { confirmed } = await memory(async (store) => {
      await upgrade(store, 'u');
      await store.begin('assess-boot', 'b');
      await store.append(started('assess-boot', { bootId: 'boot-2', slots }));
    });
    expect(confirmed).toEqual(['sha-a', 'sha-t']);
  });

  it('counts nothing for a boot from recovery, or into passive what active holds', async () => {
    const slots: SlotFacts[] = [A, P];
    const { confirmed } = await memory(async (store) => {
      await store.begin('reset', 'r');
      await store.append(started('reset', { bootedFrom: 'recovery', slots }));
      await store.append(completed());
      await store.begin('upgrade', 'u');
      await store.append(started('upgrade', { bootId: 'boot-2', bootedFrom: 'passive', slots }));
    });
    expect(confirmed).toEqual(['2']);
  });

  it('believes the disk: an image that others put there is not what we installed', async () => {
    const strange: SlotFacts = { slot: 'active', id: '3', bytes: 99 };
    const { slots, confirmed } = await memory(async (store) => {
      await upgrade(store, 'u');
      await store.begin('upgrade', 'v');
      await store.append(started('upgrade', { slots: [strange] }));
    });
    expect(slots).toEqual({ active: { id: '3', bytes: 99 } });
    expect(confirmed).toEqual(['sha-a']);
  });

  it('takes a copy made into passive for a new image, also under the number of one that is gone', async () => {
    const { slots, confirmed } = await memory(async (store) => {
      await store.begin('upgrade', 'u');
      await store.append(started('upgrade', { slots: [{ ...A, digest: 'sha-old' }, P] }));
      await store.append(completed());
      await store.begin('reset', 'r');
      await store.append(started('reset', { bootId: 'boot-2', bootedFrom: 'recovery' }));
      await store.append(done('set-active', T));
      await store.append(done('set-passive', { id: '1', made: 'copy', source: 'file:///r.img' }));
    });
    expect(slots.passive).toMatchObject({ id: '1', source: 'file:///r.img' });
    expect(slots.passive).not.toHaveProperty('digest');
    expect(confirmed).toEqual(['sha-old']);
  });

  it('knows an image by its digest when identities changed with a reboot', async () => {
    const renumbered: SlotFacts = { slot: 'active', id: '77', bytes: 30, digest: 'sha-t' };
    const { slots } = await memory(async (store) => {
      await upgrade(store, 'u');
      await store.begin('upgrade', 'v');
      await store.append(started('upgrade', { slots: [renumbered] }));
    });
    expect(slots.active).toMatchObject({ id: '77', source: 'oci://new', key: 'key-of-upgrade' });
  });

  it('never fails on records of other versions', () => {
    const odd = fc.record(
      {
        type: fc.constantFrom(
          'operation.started',
          'operation.completed',
          'step.completed',
          'step.failed',
          'device.adopted',
          'slots.changed-outside',
          'moon.risen',
        ),
        step: fc.constantFrom('set-active', 'set-passive', 'run-post-stage'),
        phase: fc.constantFrom('run', 'undo'),
        output: fc.oneof(fc.jsonValue(), fc.record({ id: fc.constantFrom('1', '2') })),
        inventory: fc.oneof(fc.jsonValue(), fc.record({ slots: fc.array(fc.jsonValue()) })),
        after: fc.jsonValue(),
      },
      { requiredKeys: ['type'] },
    );
    const segment = { segment: '000001-x-a', number: 1, operation: 'x', id: 'a' };
    fc.assert(
      fc.property(fc.array(odd), (events) => {
        const records = events.map((event, index) => ({
          ...{ v: 1, seq: index + 1, op: 'a', at: '', mono: 0, prev: '', hash: String(index) },
          event: event as unknown as LifecycleEvent,
        }));
        expect(projectRegistry([{ segment, records }]).seq).toBe(events.length);
      }),
    );
  });
});

describe('registry.json', () => {
  async function log(directory: string) {
    const store = await openJsonlStore({ directory, clock: countingClock(), access: 'append' });
    onTestFinished(() => store.release());
    return store;
  }

  it('equals a rebuild from the log, however often it was saved on the way', async () => {
    const directory = await scratch();
    const store = await log(directory);
    for (const id of ['u', 'v', 'w']) {
      await upgrade(store, id);
      await (await openRegistry(directory)).save(store);
    }
    const kept = await (await openRegistry(directory)).view(store);
    expect(kept).toEqual(projectRegistry(await store.all()));
    const text = await readFile(path.join(directory, 'registry.json'), 'utf8');
    expect(JSON.parse(text)).toEqual(kept);
  });

  it('hands back the anchor by which lost records are noticed', async () => {
    const directory = await scratch();
    const store = await log(directory);
    await upgrade(store, 'u');
    await (await openRegistry(directory)).save(store);
    await store.release();
    const { anchor } = await openRegistry(directory);
    expect(anchor).toEqual(store.place());
    await truncate(path.join(directory, 'events', '000001-upgrade-u.jsonl'), 900);
    const clock = countingClock();
    const again = openJsonlStore({ directory, clock, access: 'read', ...(anchor && { anchor }) });
    await expect(again).rejects.toMatchObject({ code: 'log-damaged' });
  });

  it('that is behind the log is projected for a reader and left as it is', async () => {
    const directory = await scratch();
    const store = await log(directory);
    await upgrade(store, 'u');
    const saved = await (await openRegistry(directory)).save(store);
    await store.append(interrupted('later'));
    const before = await readFile(path.join(directory, 'registry.json'), 'utf8');
    const seen = await (await openRegistry(directory)).view(store);
    expect(seen.seq).toBe(saved.seq + 1);
    expect(await readFile(path.join(directory, 'registry.json'), 'utf8')).toBe(before);
  });

  it.each([
    ['cut', '{"format": 1, "head"'],
    ['empty', ''],
    ['of another version', '{"format": 99}'],
    ['something else', '[]'],
  ])('that is %s is made anew from the log', async (_name, damaged) => {
    const directory = await scratch();
    const store = await log(directory);
    await upgrade(store, 'u');
    await writeFile(path.join(directory, 'registry.json'), damaged);
    const registry = await openRegistry(directory);
    expect(registry.anchor).toBeUndefined();
    const saved = await registry.save(store);
    expect(saved).toEqual(projectRegistry(await store.all()));
    expect(await readdir(directory)).toEqual(['events', 'registry.json']);
  });
});
