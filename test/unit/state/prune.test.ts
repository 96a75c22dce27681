import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ChainFile } from '../../../state/chain.ts';
import { openJsonlStore } from '../../../state/jsonl-store.ts';
import { prunable } from '../../../state/prune.ts';
import { completed, countingClock, interrupted, scratch, started } from './sample-log.ts';

async function opened(directory: string, access: 'append' | 'read' = 'append') {
  const store = await openJsonlStore({ directory, clock: countingClock(), access });
  onTestFinished(() => store.release());
  return store;
}

/** Five finished operations. */
async function fiveOperations(directory: string) {
  const store = await opened(directory);
  for (const id of ['a', 'b', 'c', 'd', 'e']) {
    await store.begin('upgrade', id);
    await store.append(started('upgrade'));
    await store.append(completed());
  }
  return store;
}

async function ids(directory: string, access: 'append' | 'read' = 'append') {
  return (await (await opened(directory, access)).segments()).map(({ id }) => id);
}

const ONLY_TWO = { maxSegments: 2, maxBytes: Number.MAX_SAFE_INTEGER };

describe('pruning', () => {
  it('removes whole oldest segments, and records their names and last hash first', async () => {
    const directory = await scratch();
    const store = await fiveOperations(directory);
    const third = (await store.read('000003-upgrade-c')).at(-1);
    const gone = await store.prune(ONLY_TWO);
    expect(gone).toEqual(['000001-upgrade-a', '000002-upgrade-b', '000003-upgrade-c']);
    expect((await store.read('000005-upgrade-e')).at(-1)?.event).toEqual({
      type: 'log.pruned',
      segments: gone,
      head: third?.hash,
    });
    expect(await ids(directory)).toEqual(['d', 'e']);
  });

  it('may be done again and again', async () => {
    const directory = await scratch();
    const store = await fiveOperations(directory);
    await store.prune(ONLY_TWO);
    for (const id of ['f', 'g', 'h']) {
      await store.begin('upgrade', id);
      await store.append(started('upgrade'));
      await store.append(completed());
      await store.prune(ONLY_TWO);
    }
    expect(await ids(directory)).toEqual(['g', 'h']);
  });

  it('keeps an anchor from before the prune valid', async () => {
    const directory = await scratch();
    const store = await fiveOperations(directory);
    const anchors = [store.place()];
    for (const id of ['a', 'c', 'e']) {
      const last = (await store.read(`00000${String('_abcde'.indexOf(id))}-upgrade-${id}`)).at(-1)!;
      anchors.push({ seq: last.seq, hash: last.hash });
    }
    await store.prune(ONLY_TWO);
    for (const anchor of anchors) {
      const clock = countingClock();
      await expect(
        openJsonlStore({ directory, clock, access: 'read', anchor }),
      ).resolves.toBeDefined();
    }
  });

  it('does nothing while the log keeps its bounds', async () => {
    const store = await fiveOperations(await scratch());
    const head = store.head();
    expect(await store.prune({ maxSegments: 5, maxBytes: 1024 * 1024 })).toEqual([]);
    expect(store.head()).toBe(head);
  });

  it('by bytes keeps what fits', async () => {
    const store = await fiveOperations(await scratch());
    expect(await store.prune({ maxSegments: 100, maxBytes: 1 })).toHaveLength(4);
  });

  it('stops at an unfinished operation', async () => {
    const directory = await scratch();
    const store = await opened(directory);
    await store.begin('install', 'a');
    await store.append(started('install'));
    await store.append(completed());
    await store.begin('upgrade', 'b');
    await store.append(started('upgrade'));
    await store.begin('assess-boot', 'c');
    await store.append(started('assess-boot'));
    await store.append(completed());
    await store.begin('upgrade-recovery', 'd');
    await store.append(interrupted('x'));
    expect(await store.prune({ maxSegments: 1, maxBytes: 0 })).toEqual(['000001-install-a']);
  });
});

describe('a crash inside a prune', () => {
  it.each(Array.from({ length: 8 }, (_, mask) => mask))(
    'with remaining files %d of the three is finished by the next writer, and harmless to readers',
    async (mask) => {
      const directory = await scratch();
      const store = await fiveOperations(directory);
      const events = path.join(directory, 'events');
      const before = await Promise.all(
        (await readdir(events)).map(async (name) => ({
          name,
          bytes: await readFile(path.join(events, name)),
        })),
      );
      await store.prune(ONLY_TWO);
      await store.release();
      for (const [index, { name, bytes }] of before.slice(0, 3).entries()) {
        if ((mask & (1 << index)) !== 0) await writeFile(path.join(events, name), bytes);
      }
      const left = await readdir(events);
      expect(await ids(directory, 'read')).toEqual(['d', 'e']);
      expect(await readdir(events)).toEqual(left);
      expect(await ids(directory)).toEqual(['d', 'e']);
      expect(await readdir(events)).toHaveLength(2);
      const next = await opened(directory);
      await next.begin('upgrade', 'f');
      await next.append(started('upgrade'));
      expect(await ids(directory, 'read')).toEqual(['d', 'e', 'f']);
    },
  );

  it('is no excuse for segments that went before their record was on disk', async () => {
    const directory = await scratch();
    const store = await fiveOperations(directory);
    const last = path.join(directory, 'events', '000005-upgrade-e.jsonl');
    const whole = await readFile(last);
    await store.prune(ONLY_TWO);
    await store.release();
    const torn = (await readFile(last)).subarray(0, whole.length + 30);
    const copy = path.join(await scratch(), 'state');
    await mkdir(path.join(copy, 'events'), { recursive: true });
    await writeFile(path.join(copy, 'events', '000005-upgrade-e.jsonl'), torn);
    await expect(opened(copy)).rejects.toMatchObject({ code: 'log-damaged' });
  });
});

describe('what may be pruned', () => {
  const file = fc.record({
    id: fc.constantFrom('a', 'b', 'c', 'd'),
    bytes: fc.nat(100),
    starts: fc.boolean(),
    completes: fc.boolean(),
  });
  const link = { seq: 0, hash: '' };
  const place = { records: 1, after: link, head: link, operation: 'x', segment: 'x', number: 1 };

  it('is never the last file, an unfinished operation, or a part of one that stays', () => {
    fc.assert(
      fc.property(fc.array(file), fc.nat(6), fc.nat(300), (some, maxSegments, maxBytes) => {
        const files: ChainFile[] = some.map((one) => ({ ...place, ...one }));
        const count = prunable(files, { maxSegments, maxBytes });
        const gone = files.slice(0, count);
        const kept = files.slice(count);
        expect(count).toBeLessThanOrEqual(Math.max(0, files.length - 1));
        for (const { id } of gone) {
          expect(kept.some((other) => other.id === id)).toBe(false);
          const parts = gone.filter((other) => other.id === id);
          const starts = parts.some((part) => part.starts);
          expect(starts && !parts.some((part) => part.completes)).toBe(false);
        }
      }),
    );
  });
});
