import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBootLoader } from '../../../src/media/boot-loader.ts';
import { buildDisk } from '../../../src/media/build-disk.ts';
import { findProgram } from '../../../src/media/host-program.ts';
import { makeSmallTree } from '../../support/media/small-tree.ts';
import { diskFiles, type DiskFiles } from '../../vm/disk-files.ts';

const complete =
  (await findProgram(['mcopy'])) !== undefined &&
  (await findBootLoader().then(
    () => true,
    () => false,
  ));

describe.skipIf(!complete)(
  'files on the disk of a machine that is off (needs mtools, GRUB)',
  () => {
    let folder: string;
    let files: DiskFiles;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'slotwright-files-'));
      const built = await buildDisk(
        {
          root: await makeSmallTree(join(folder, 'root')),
          output: join(folder, 'disk.raw'),
          mebibytes: { image: 16, state: 128, recovery: 112, persistent: 32 },
          date: '2026-03-01T12:00:00Z',
        },
        { signal: new AbortController().signal, note: () => undefined },
      );
      files = diskFiles(built.output, built.partitions);
    });
    afterAll(async () => rm(folder, { recursive: true, force: true }));

    it('are listed and read', async () => {
      expect(await files.list('state', '/cOS')).toEqual(['active.img', 'passive.img']);
      expect(await files.read('state', '/grub2/grub.cfg')).toBe('set timeout=0\n');
    });

    it('are made and replaced, after the journal was replayed', async () => {
      await files.replay('oem');
      await files.write('oem', '/hook.yaml', 'one\n');
      await files.write('oem', '/hook.yaml', 'two\n');
      expect(await files.read('oem', '/hook.yaml')).toBe('two\n');
    });

    it('are damaged in their place', async () => {
      await files.damage('state', '/grub2/grub.cfg', 4, Buffer.from('TIMEOUT'));
      expect(await files.read('state', '/grub2/grub.cfg')).toBe('set TIMEOUT=0\n');
    });
  },
);
