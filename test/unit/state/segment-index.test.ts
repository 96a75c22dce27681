import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openJsonlStore } from '../../../state/jsonl-store.ts';
import { openIndex, saveIndex, type Concluding } from '../../../state/segment-index.ts';
import { readLogAt } from '../../../state/source-log.ts';
import type { SegmentRecords } from '../../../state/segment.ts';
import { completed, countingClock, interrupted, scratch, started } from './sample-log.ts';

const BY = '1.2.3';

/** Says how often it was asked, and of what. */
function counting(): Concluding & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    by: BY,
    conclude: ({ segment, records }: SegmentRecords) => {
      asked.push(segment.id);
      return { records: records.length };
    },
  };
}

async function opened(directory: string, access: 'append' | 'read' = 'append', by = BY) {
  const index = await openIndex(directory, by);
  return openJsonlStore({
    directory,
    clock: countingClock(),
    access,
    ...(index === undefined ? {} : { index }),
  });
}

/** Three operations; the first one goes on in a file of its own after the second. */
async function indexedLog(): Promise<{ directory: string; file: (name: string) => string }> {
  const directory = path.join(await scratch(), 'slotwright');
  const store = await opened(directory);
  const first = await store.begin('upgrade', 'aaaa');
  await store.append(started('upgrade'));
  await store.begin('assess-boot', 'bbbb');
  await store.append(started('assess-boot'));
  await store.append(completed());
  await store.continue(first.segment);
  await store.append(completed());
  await store.begin('rollback', 'cccc');
  await store.append(started('rollback'));
  await store.append(interrupted('one'));
  await store.append(completed());
  await store.release();
  await saveIndex(directory, counting(), store);
  return { directory, file: (name) => path.join(directory, 'events', `${name}.jsonl`) };
}

const FILES = ['000001-upgrade-aaaa', '000002-assess-boot-bbbb', '000004-rollback-cccc'];

describe('a log with an index', () => {
  it('tells the same operations, with what was concluded of each', async () => {
    const { directory } = await indexedLog();
    const indexed = await opened(directory, 'read');
    const parsed = await opened(directory, 'read', 'another');
    const all = await indexed.all();
    expect(all.map(({ records }) => records)).toEqual(
      (await parsed.all()).map(({ records }) => records),
    );
    expect(all.map(({ concluded }) => concluded)).toEqual(
      all.map(({ records }) => ({ records: records.length })),
    );
    expect(indexed.place()).toEqual(parsed.place());
    expect((await readLogAt(directory)).segments.map(({ records }) => records)).toEqual(
      all.map(({ records }) => records),
    );
  });

  it.each(FILES)('says where a byte of %s was flipped', async (name) => {
    const { directory, file } = await indexedLog();
    const bytes = await readFile(file(name));
    const line = bytes.indexOf(0x0a) + 1;
    bytes[line + 30] = (bytes[line + 30] ?? 0) ^ 1;
    await writeFile(file(name), bytes);
    const place = `segment ${name}, line 2, from byte ${line}`;
    const damaged = { code: 'log-damaged', message: `the event log is damaged: ${place}` };
    await expect(opened(directory, 'read')).rejects.toMatchObject(damaged);
    await expect(opened(directory, 'append')).rejects.toMatchObject(damaged);
    await expect(readLogAt(directory)).rejects.toMatchObject(damaged);
  });

  it('is read record by record where its index was made by another version', async () => {
    const { directory } = await indexedLog();
    const all = await (await opened(directory, 'read', '1.2.4')).all();
    expect(all.map(({ concluded }) => concluded)).toEqual([undefined, undefined, undefined]);
  });

  it.each<[string, (text: string) => string]>([
    ['altered', (text) => text.replace('"records":', '"recordz":')],
    ['cut short', (text) => text.slice(0, -40)],
    ['empty', () => ''],
    ['something else', () => '{"by":"1.2.3"}'],
  ])('is read record by record where its index is %s', async (_, change) => {
    const { directory } = await indexedLog();
    const index = path.join(directory, 'index.json');
    await writeFile(index, change(await readFile(index, 'utf8')));
    expect(await openIndex(directory, BY)).toBeUndefined();
    expect(await (await opened(directory, 'read')).all()).toHaveLength(3);
  });

  it('concludes anew only what has grown since', async () => {
    const { directory } = await indexedLog();
    const store = await opened(directory);
    await store.begin('reset', 'dddd');
    await store.append(started('reset'));
    await store.append(completed());
    const again = counting();
    await saveIndex(directory, again, store);
    await store.release();
    expect(again.asked).toEqual(['dddd']);
    const more = await opened(directory);
    await more.continue('000004-rollback-cccc');
    await more.append(interrupted('again'));
    const third = counting();
    await saveIndex(directory, third, more);
    await more.release();
    expect(third.asked).toEqual(['cccc']);
  });

  it('is verified record by record by who appends to it, whatever its index says', async () => {
    const { directory, file } = await indexedLog();
    const index = path.join(directory, 'index.json');
    const bytes = await readFile(file(FILES[0] ?? ''));
    const forged = Buffer.from(bytes);
    forged[bytes.indexOf(0x0a) + 30] = 0x21;
    await writeFile(file(FILES[0] ?? ''), forged);
    const text = (await readFile(index, 'utf8')).split('\n')[1] ?? '';
    const lying = text.replace(sha256(bytes), sha256(forged));
    await writeFile(index, `${sha256(Buffer.from(lying))}\n${lying}`);
    await expect(opened(directory, 'append')).rejects.toMatchObject({ code: 'log-damaged' });
    const [first] = await (await opened(directory, 'read')).all();
    expect(() => first?.records).toThrow(/the event log is damaged/);
  });

  it('misses records that were acknowledged, also inside an indexed file', async () => {
    const { directory } = await indexedLog();
    const records = (await (await opened(directory)).all()).flatMap((one) => one.records);
    const index = await openIndex(directory, BY);
    if (index === undefined) throw new Error('no index');
    const read = { directory, clock: countingClock(), access: 'read', index } as const;
    for (const { seq, hash } of records) {
      await expect(openJsonlStore({ ...read, anchor: { seq, hash } })).resolves.toBeDefined();
      await expect(
        openJsonlStore({ ...read, anchor: { seq, hash: 'f'.repeat(64) } }),
      ).rejects.toMatchObject({ code: 'log-damaged' });
    }
  });
});

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
