import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../../src/exit-codes.ts';
import { hookTexts } from '../../../src/sandbox/create.ts';

describe('hook files for /oem', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slotwright-hooks-'));
    await writeFile(join(folder, 'a.yaml'), 'stages: {}\n');
    await writeFile(join(folder, 'notes.txt'), 'mine\n');
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('are those of a directory that end as hook files do', async () => {
    expect(await hookTexts([folder])).toEqual({ 'a.yaml': 'stages: {}\n' });
  });

  it.each(['nowhere.yaml', 'notes.txt', 'nothing'])(
    'are refused where %s holds none',
    async (name) => {
      await expect(hookTexts([join(folder, name)])).rejects.toMatchObject({
        code: 'no-hooks',
        exit: EXIT.statFile,
      });
    },
  );
});
