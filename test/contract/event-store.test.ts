import { rm } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { EventStore } from '../../state/event-store.ts';
import { openJsonlStore, type JsonlEventStore } from '../../state/jsonl-store.ts';
import { MemoryEventStore } from '../../state/memory-store.ts';
import type { LifecycleEvent } from '../../state/records.ts';
import { GENESIS } from '../../state/record.ts';
import {
  completed,
  countingClock,
  interrupted,
  scratch,
  started,
} from '../unit/state/sample-log.ts';

/** A store, and a way to open what it holds anew, as the next process would. */
interface Subject {
  readonly store: JsonlEventStore | MemoryEventStore;
  readonly reopen: (store: EventStore) => Promise<EventStore>;
  readonly discard: () => Promise<void>;
}

const stores: Record<string, () => Promise<Subject>> = {
  JsonlEventStore: async () => {
    const directory = await scratch();
    const options = { directory, clock: countingClock(), access: 'append' } as const;
    const open = async () => {
      const store = await openJsonlStore(options);
      onTestFinished(() => store.release());
      return store;
    };
    return {
      store: await open(),
      reopen: async (store) => {
        await store.release();
        return open();
      },
      discard: () => rm(directory, { recursive: true, force: true }),
    };
  },
  MemoryEventStore: async () => {
    const clock = countingClock();
    return {
      store: new MemoryEventStore({ clock }),
      reopen: async (store) => {
        if (!(store instanceof MemoryEventStore)) throw new TypeError('not ours');
        return new MemoryEventStore({ clock, records: store.dump() });
      },
      discard: async () => undefined,
    };
  },
};

describe.each(Object.entries(stores))('%s', (_name, make) => {
  it('starts empty, with a head of zeroes', async () => {
    const { store } = await make();
    expect(await store.segments()).toEqual([]);
    expect(store.head()).toBe(GENESIS);
  });

  it('opens a chain with its own first record, inside the first segment', async () => {
    const { store } = await make();
    const name = await store.begin('install', 'aaaa');
    await store.append(started('install'));
    const records = await store.read(name.segment);
    expect(name).toEqual({
      segment: '000001-install-aaaa',
      number: 1,
      operation: 'install',
      id: 'aaaa',
    });
    expect(records.map(({ seq, op, event }) => [seq, op, event.type])).toEqual([
      [1, 'aaaa', 'chain.started'],
      [2, 'aaaa', 'operation.started'],
    ]);
    expect(records[0]).toMatchObject({ prev: GENESIS, event: { reason: 'first' } });
  });

  it('says why a chain starts when the one before it is lost', async () => {
    const { store } = await make();
    store.startFork('log-lost', 'f'.repeat(64));
    const { segment } = await store.begin('upgrade', 'aaaa');
    const [first] = await store.read(segment);
    expect(first?.event).toEqual({
      type: 'chain.started',
      reason: 'log-lost',
      previous: 'f'.repeat(64),
    });
  });

  it('links every record to the one before it, across segments', async () => {
    const { store } = await make();
    const first = await store.begin('install', 'aaaa');
    await store.append(started('install'));
    await store.append(completed());
    const second = await store.begin('upgrade-recovery', 'bb-b_');
    await store.append(started('upgrade-recovery'));
    const records = [...(await store.read(first.segment)), ...(await store.read(second.segment))];
    expect(records.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(records.map(({ prev }) => prev)).toEqual([
      GENESIS,
      ...records.slice(0, -1).map(({ hash }) => hash),
    ]);
    expect(store.head()).toBe(records.at(-1)?.hash);
    expect(await store.segments()).toEqual([first, second]);
  });

  it('hands out every operation as it is now, also while it grows', async () => {
    const { store } = await make();
    const first = await store.begin('install', 'aaaa');
    await store.append(started('install'));
    await store.append(completed());
    const second = await store.begin('upgrade', 'bbbb');
    await store.append(started('upgrade'));
    const before = await store.all();
    await store.append(completed());
    const all = await store.all();
    expect(all.map(({ segment }) => segment)).toEqual([first, second]);
    for (const { segment, records } of all) {
      expect(records).toEqual(await store.read(segment.segment));
    }
    expect(before[1]?.records.length).toBe((all[1]?.records.length ?? 0) - 1);
  });

  it('returns from append the record that a reader will see', async () => {
    const { store } = await make();
    const { segment } = await store.begin('install', 'aaaa');
    const record = await store.append(started('install'));
    expect((await store.read(segment)).at(-1)).toEqual(record);
    expect(record.at).toMatch(/^2026-01-01T00:00:\d\d\.000Z$/);
  });

  it('keeps events of types it does not know', async () => {
    const { store } = await make();
    const { segment } = await store.begin('install', 'aaaa');
    const unknown = JSON.parse('{"type":"moon.risen","phase":{"full":true}}') as LifecycleEvent;
    await store.append(unknown);
    expect((await store.read(segment)).at(-1)?.event).toEqual(unknown);
  });

  it('keeps concurrent appends in the order of the calls', async () => {
    const { store } = await make();
    const { segment } = await store.begin('install', 'aaaa');
    await Promise.all(['a', 'b', 'c', 'd'].map((reason) => store.append(interrupted(reason))));
    const reasons = (await store.read(segment)).slice(1).map(({ event }) => event);
    expect(reasons).toEqual(['a', 'b', 'c', 'd'].map(interrupted));
  });

  it('goes on in the last segment after a restart', async () => {
    const { store, reopen } = await make();
    const { segment } = await store.begin('install', 'aaaa');
    await store.append(started('install'));
    const next = await reopen(store);
    expect(next.head()).toBe(store.head());
    await next.continue(segment);
    await next.append(interrupted('again'));
    expect((await next.read(segment)).map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it('goes on with an operation although another one ran since', async () => {
    const { store, reopen } = await make();
    const upgrade = await store.begin('upgrade', 'aaaa');
    await store.append(started('upgrade'));
    const assess = await store.begin('assess-boot', 'bbbb');
    await store.append(started('assess-boot'));
    await store.append(completed());
    await store.continue(upgrade.segment);
    await store.append(completed());
    const next = await reopen(store);
    expect(await next.segments()).toEqual([upgrade, assess]);
    expect((await next.read(upgrade.segment)).map(({ seq }) => seq)).toEqual([1, 2, 5]);
    expect((await next.read(assess.segment)).map(({ seq }) => seq)).toEqual([3, 4]);
  });

  it('appends after a release as before it', async () => {
    const { store } = await make();
    const { segment } = await store.begin('install', 'aaaa');
    await store.release();
    await store.append(started('install'));
    await store.release();
    expect(await store.read(segment)).toHaveLength(2);
  });

  it('refuses what cannot be asked for, and stays usable', async () => {
    const { store } = await make();
    await expect(store.append(interrupted('early'))).rejects.toMatchObject({
      code: 'log-not-begun',
    });
    await expect(store.begin('install', '../x')).rejects.toMatchObject({ code: 'segment-name' });
    await expect(store.read('000009-x-y')).rejects.toMatchObject({ code: 'segment-unknown' });
    await expect(store.continue('000009-x-y')).rejects.toMatchObject({ code: 'segment-unknown' });
    await store.begin('install', 'aaaa');
    await expect(store.begin('install', 'aaaa')).rejects.toMatchObject({ code: 'segment-taken' });
    await store.begin('upgrade', 'bbbb');
    await expect(store.begin('upgrade', 'cccc')).rejects.toMatchObject({ code: 'segment-empty' });
    const long = interrupted('x'.repeat(1024 * 1024));
    await expect(store.append(long)).rejects.toMatchObject({ code: 'record-too-long' });
    await store.append(started('upgrade'));
  });

  it('leaves out a segment that was begun and never written, and says so in the next record', async () => {
    const { store, reopen } = await make();
    await store.begin('install', 'aaaa');
    await store.append(completed());
    const empty = await store.begin('upgrade', 'bbbb');
    const next = await reopen(store);
    expect(await next.segments()).toHaveLength(1);
    const { segment } = await next.begin('upgrade', 'cccc');
    expect((await next.read(segment))[0]?.event).toEqual({
      type: 'log.repaired',
      segment: empty.segment,
      cutBytes: 0,
    });
  });

  it('reads any sequence of events back equal', { timeout: 30_000 }, async () => {
    const event = fc
      .record({
        type: fc.stringMatching(/^[a-z.]{1,12}$/),
        data: fc.jsonValue(),
        text: fc.string({ unit: 'binary' }),
      })
      .map((value) => JSON.parse(JSON.stringify(value)) as LifecycleEvent);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(event, { maxLength: 4 }), { maxLength: 4 }),
        async (log) => {
          const { store, reopen, discard } = await make();
          const names = [];
          for (const [index, events] of log.entries()) {
            names.push(await store.begin('upgrade', `id${String(index)}`));
            await store.append(started('upgrade'));
            for (const one of events) await store.append(one);
          }
          const next = await reopen(store);
          for (const [index, name] of names.entries()) {
            const records = await next.read(name.segment);
            expect(records.slice(index === 0 ? 2 : 1).map((record) => record.event)).toEqual(
              log[index],
            );
          }
          await next.release();
          await discard();
        },
      ),
      { numRuns: 15 },
    );
  });
});
