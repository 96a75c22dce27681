import { expect, it } from 'vitest';
import { verifyChain } from '../../../state/chain.ts';
import { MemoryEventStore } from '../../../state/memory-store.ts';
import { completed, countingClock, interrupted, started } from './sample-log.ts';

async function sample() {
  const store = new MemoryEventStore({ clock: countingClock() });
  await store.begin('install', 'a');
  await store.append(started('install'));
  await store.append(completed());
  const { segment } = await store.begin('upgrade', 'b');
  await store.append(started('upgrade'));
  return { store, segment };
}

it('a dump is what a power cut leaves: later appends do not reach it', async () => {
  const { store, segment } = await sample();
  const dump = store.dump();
  await store.append(interrupted('after the cut'));
  const next = new MemoryEventStore({ clock: countingClock(), records: dump });
  expect(await next.read(segment)).toHaveLength(1);
  await next.continue(segment);
  expect((await next.append(interrupted('resumed'))).seq).toBe(5);
});

it('a torn append is recorded by the next process', async () => {
  const { store, segment } = await sample();
  const records = store.dump();
  const next = new MemoryEventStore({ clock: countingClock(), records, tornBytes: 17 });
  expect((await next.read(segment)).at(-1)?.event).toEqual({
    type: 'log.repaired',
    segment,
    cutBytes: 17,
  });
});

it('its records are those that a disk would hold, byte for byte', async () => {
  const { store } = await sample();
  const log = store.dump().map(({ segment, records }) => ({
    segment: segment.segment,
    bytes: Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join('')),
  }));
  expect(verifyChain(log).head).toEqual(store.place());
});
