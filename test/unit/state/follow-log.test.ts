import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createClock } from '../../../src/system/linux/clock.ts';
import { followLog } from '../../../state/follow-log.ts';
import { openJsonlStore } from '../../../state/jsonl-store.ts';
import { segmentPath } from '../../../state/log-directory.ts';

describe('following a log', () => {
  it('shows every record once, in order, over segments, and no half of one', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'follow-'));
    try {
      const store = await openJsonlStore({ directory, clock: createClock(), access: 'append' });
      const { segment } = await store.begin('upgrade', 'one');
      await store.append({ type: 'resource.released', resource: 'before' });
      const append = (resource: string) => store.append({ type: 'resource.released', resource });
      const looks = [
        async () => append('first'),
        async () => appendFile(segmentPath(directory, segment), '{"v":1,"seq":4,'),
        async () => undefined,
      ];
      const told: unknown[] = [];
      const wait = async (): Promise<boolean> => {
        const look = looks.shift();
        await look?.();
        return look !== undefined;
      };
      for await (const { seq, event } of followLog(directory, 2, wait)) told.push([seq, event]);
      expect(told).toEqual([[3, { type: 'resource.released', resource: 'first' }]]);
      await store.release();
      const again = await openJsonlStore({ directory, clock: createClock(), access: 'append' });
      await again.begin('upgrade', 'two');
      await again.append({ type: 'resource.released', resource: 'second' });
      const seqs: number[] = [];
      for await (const { seq } of followLog(directory, 1, async () => false)) seqs.push(seq);
      expect(seqs).toEqual([2, 3, 4, 5]);
      await again.release();
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});
