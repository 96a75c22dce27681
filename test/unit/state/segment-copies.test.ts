import { appendFile, cp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryName } from '../../../state/durable-file.ts';
import { openJsonlStore } from '../../../state/jsonl-store.ts';
import { compareCopies, copyMissingSegments, lastPlaceIn } from '../../../state/segment-copies.ts';
import { completed, countingClock, interrupted, scratch, started } from './sample-log.ts';

/** Two finished operations and one that goes on. */
async function sample() {
  const directory = await scratch();
  const store = await openJsonlStore({ directory, clock: countingClock(), access: 'append' });
  onTestFinished(() => store.release());
  for (const id of ['a', 'b']) {
    await store.begin('upgrade', id);
    await store.append(started('upgrade'));
    await store.append(completed());
  }
  const place = store.place();
  await store.begin('upgrade', 'c');
  await store.append(started('upgrade'));
  return { directory, store, place };
}

const segmentFile = (directory: string, name: string) =>
  path.join(directory, 'events', `${name}.jsonl`);

it('finished segments are copied once, the unfinished one is not', async () => {
  const { directory } = await sample();
  const copies = await scratch();
  expect(await copyMissingSegments(directory, copies)).toEqual([
    '000001-upgrade-a',
    '000002-upgrade-b',
  ]);
  expect(await copyMissingSegments(directory, copies)).toEqual([]);
  expect(await readFile(segmentFile(copies, '000002-upgrade-b'))).toEqual(
    await readFile(segmentFile(directory, '000002-upgrade-b')),
  );
  expect((await stat(segmentFile(copies, '000002-upgrade-b'))).mode & 0o777).toBe(0o600);
});

it('missed and damaged copies are made up later', async () => {
  const { directory, store } = await sample();
  const copies = await scratch();
  await copyMissingSegments(directory, copies);
  await writeFile(segmentFile(copies, '000001-upgrade-a'), 'damaged');
  await writeFile(temporaryName(path.join(copies, 'events')), 'of a crash');
  await store.append(completed());
  expect(await copyMissingSegments(directory, copies)).toEqual([
    '000001-upgrade-a',
    '000003-upgrade-c',
  ]);
  expect(await readdir(path.join(copies, 'events'))).toHaveLength(3);
});

it('a segment that grew after its operation is copied again', async () => {
  const { directory, store } = await sample();
  const copies = await scratch();
  await store.append(completed());
  await copyMissingSegments(directory, copies);
  await store.append(interrupted('a late fact'));
  expect(await copyMissingSegments(directory, copies)).toEqual(['000003-upgrade-c']);
});

it('pruned segments live on in the copies', async () => {
  const { directory, store } = await sample();
  const copies = await scratch();
  await copyMissingSegments(directory, copies);
  await store.prune({ maxSegments: 1, maxBytes: 0 });
  await copyMissingSegments(directory, copies);
  expect(await readdir(path.join(copies, 'events'))).toHaveLength(2);
});

it('a damaged log is not copied over good copies', async () => {
  const { directory } = await sample();
  const copies = await scratch();
  await copyMissingSegments(directory, copies);
  await appendFile(segmentFile(directory, '000001-upgrade-a'), 'x');
  await expect(copyMissingSegments(directory, copies)).rejects.toMatchObject({
    code: 'log-damaged',
  });
});

it('the copies know the place that a lost log had reached', async () => {
  const { directory, place } = await sample();
  const copies = await scratch();
  expect(await lastPlaceIn(copies)).toBeUndefined();
  await copyMissingSegments(directory, copies);
  expect(await lastPlaceIn(copies)).toEqual(place);
});

it('copies are told apart: up to date, behind, and other than the log', async () => {
  const { directory, store, place } = await sample();
  const copies = await scratch();
  const nothing = { behind: [], different: [], at: place.seq + 1 };
  expect(await compareCopies(directory, copies)).toEqual({
    ...nothing,
    behind: ['000001-upgrade-a', '000002-upgrade-b'],
  });
  await copyMissingSegments(directory, copies);
  expect(await compareCopies(directory, copies)).toEqual(nothing);
  await store.append(completed());
  const since = { ...nothing, at: place.seq + 2, behind: ['000003-upgrade-c'] };
  expect(await compareCopies(directory, copies)).toEqual(since);
  const changed = segmentFile(copies, '000001-upgrade-a');
  await writeFile(changed, (await readFile(changed, 'utf8')).replace('upgrade', 'upgrbde'));
  expect(await compareCopies(directory, copies)).toEqual({
    ...since,
    different: ['000001-upgrade-a'],
  });
});

it('copies that know more than the log show that it is an older one', async () => {
  const { directory, store } = await sample();
  const older = await scratch();
  await cp(directory, older, { recursive: true });
  await store.append(completed());
  const copies = await scratch();
  await copyMissingSegments(directory, copies);
  const { at, ahead } = await compareCopies(older, copies);
  expect(ahead).toBe(at + 1);
});
