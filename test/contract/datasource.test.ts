import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { datasource } from '../../src/cloud-init/parts/datasource.ts';
import { ConfinedFiles } from '../../src/system/linux/confined-files.ts';
import { runningSystem } from '../../src/system/linux/stages.ts';
import { fatImage, hasPrograms, isoImage } from '../support/cloud-init/media.ts';
import { runPart } from '../support/cloud-init/part-run.ts';

const userData = '#cloud-config\nruncmd: [echo hello]\n';
const isReady =
  process.getuid?.() === 0 &&
  hasPrograms('losetup', 'blkid', 'mkfs.vfat', 'mcopy', 'mmd', 'xorriso');

describe.skipIf(!isReady)(
  'media on real devices (needs root, dosfstools, mtools and xorriso)',
  () => {
    let directory: string;
    let loops: string[];
    let mounts: string;
    beforeEach(() => {
      directory = mkdtempSync(path.join(tmpdir(), 'slotwright-datasource-'));
      mkdirSync(path.join(directory, 'root'));
      loops = [];
      mounts = readFileSync('/proc/self/mountinfo', 'utf8');
    });
    afterEach(() => {
      for (const loop of loops) {
        execFileSync('losetup', ['--detach', loop]);
      }
      rmSync(directory, { recursive: true, force: true });
    });

    /** Puts a medium into a drive of its own. */
    const insert = (make: (image: string) => void): string => {
      const image = path.join(directory, `medium-${String(loops.length)}`);
      make(image);
      const words = ['--find', '--show', '--read-only', image];
      const loop = execFileSync('losetup', words, { encoding: 'utf8' }).trim();
      loops.push(loop);
      return loop;
    };

    /** Programs see this machine, and files go below a root of the test's own. */
    const take = async (
      providers: readonly string[],
      more: Readonly<Record<string, string>> = {},
    ) => {
      const files = await ConfinedFiles.open(path.join(directory, 'root'));
      try {
        const target = runningSystem(files, { PATH: process.env['PATH'] ?? '' });
        return await runPart(datasource, { datasource: { providers, ...more } }, { target });
      } finally {
        await files.close();
      }
    };
    const kept = (name: string): string => path.join(directory, 'root/run/config', name);
    const read = (name: string): string => readFileSync(kept(name), 'utf8');

    it.each([
      [
        'FAT',
        'CIDATA',
        (image: string) =>
          fatImage(image, { label: 'CIDATA', bits: 12, files: { 'user-data': userData } }),
      ],
      [
        'ISO 9660',
        'cidata',
        (image: string) =>
          isoImage(image, {
            label: 'cidata',
            options: ['-rock', '-joliet'],
            files: { 'user-data': userData, 'meta-data': '' },
          }),
      ],
    ] as const)(
      'a NoCloud medium with %s and the label %s gives its user data',
      async (_, __, make) => {
        const loop = insert(make);
        expect(await take(['cdrom'])).toEqual({ failures: [], warnings: [] });
        expect([read('userdata'), read('userdata.yaml'), read('provider')]).toEqual([
          userData,
          userData,
          `CDROM ${loop}`,
        ]);
        expect(statSync(kept('userdata')).mode & 0o777).toBe(0o600);
        expect(readFileSync('/proc/self/mountinfo', 'utf8')).toBe(mounts);
      },
    );

    it('the older name of the file is understood, and an empty file is no user data', async () => {
      insert((image) =>
        fatImage(image, {
          label: 'CIDATA',
          bits: 16,
          files: { 'user-data': '', config: userData },
        }),
      );
      expect(await take(['cdrom'])).toEqual({ failures: [], warnings: [] });
      expect(read('userdata')).toBe(userData);
    });

    it('a configuration drive is another thing than a NoCloud medium', async () => {
      const loop = insert((image) =>
        isoImage(image, {
          label: 'config-2',
          options: ['-rock', '-joliet'],
          files: { 'openstack/latest/user_data': userData },
        }),
      );
      expect(await take(['cdrom'])).toMatchObject({
        failures: [expect.stringContaining('no medium with the label cidata')],
      });
      expect(await take(['config-drive'])).toEqual({ failures: [], warnings: [] });
      expect([read('userdata'), read('provider')]).toEqual([userData, `CONFIG_DRIVE ${loop}`]);
    });

    it('a medium comes before every other provider, and a damaged one does not hide the next', async () => {
      insert((image) => {
        fatImage(image, { label: 'CIDATA', bits: 12, files: { 'user-data': userData } });
        const bytes = readFileSync(image);
        // The root directory and all files are gone; the label of the boot sector is still there.
        writeFileSync(image, bytes.subarray(0, 4096));
      });
      const file = path.join(directory, 'root/data');
      writeFileSync(file, 'stages: {}\n');
      expect(await take(['file', 'cdrom'], { path: '/data' })).toMatchObject({ failures: [] });
      expect(read('userdata')).toBe('stages: {}\n');
      insert((image) =>
        isoImage(image, {
          label: 'CIDATA',
          options: ['-joliet'],
          files: { 'user-data': userData },
        }),
      );
      expect(await take(['file', 'cdrom'], { path: '/data' })).toMatchObject({ failures: [] });
      expect(read('provider')).toMatch(/^CDROM /);
    });
  },
);
