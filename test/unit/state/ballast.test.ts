import { readdir, stat } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { ballastPath, ensureBallast, freeBallast } from '../../../state/ballast.ts';
import { scratch } from './sample-log.ts';

it('the ballast has real blocks, is made once, and is given up once', async () => {
  const directory = await scratch();
  expect(await ensureBallast(directory, 64 * 1024)).toBe(true);
  const made = await stat(ballastPath(directory));
  expect(made.blocks * 512).toBeGreaterThanOrEqual(64 * 1024);
  expect(await ensureBallast(directory, 64 * 1024)).toBe(true);
  expect((await stat(ballastPath(directory))).ino).toBe(made.ino);
  expect(await freeBallast(directory)).toBe(true);
  expect(await freeBallast(directory)).toBe(false);
  expect(await readdir(directory)).toEqual([]);
});

it('no ballast is made where it would take the space it is to save', async () => {
  const directory = await scratch();
  expect(await ensureBallast(directory, Number.MAX_SAFE_INTEGER / 8)).toBe(false);
  expect(await readdir(directory)).toEqual([]);
});
