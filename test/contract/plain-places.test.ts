/** A link in the place of a folder of ours is refused, on a real file system: the simulated one has no links. */
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { foldersMustBePlain } from '../../machines/plain-places.ts';
import { EXIT } from '../../src/exit-codes.ts';
import { createLinuxSystem } from '../../src/system/linux/index.ts';
import { noStages } from '../support/no-stages.ts';

const system = createLinuxSystem({ stages: noStages });
let top = '';

beforeEach(async () => {
  top = await mkdtemp(path.join(tmpdir(), 'slotwright-places-'));
});
afterEach(() => rm(top, { recursive: true, force: true }));

it('takes a partition whose folders are folders, or are not there yet', async () => {
  await mkdir(path.join(top, 'cOS'));
  await expect(foldersMustBePlain(system, top)).resolves.toBeUndefined();
});

it.each(['cOS', 'grub2', 'grub'])('refuses a link in the place of %s', async (name) => {
  await mkdir(path.join(top, 'elsewhere'));
  await symlink('elsewhere', path.join(top, name));
  await expect(foldersMustBePlain(system, top)).rejects.toMatchObject({
    code: 'folder-odd',
    exit: EXIT.unsupported,
  });
});
