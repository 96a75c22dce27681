import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bootDisk } from '../../../src/sandbox/boot.ts';
import { sandboxCreate, sandboxDestroy, sandboxRun } from '../../../src/sandbox/commands.ts';
import { NO_REAL_MACHINE } from '../../support/sandbox/no-real-machine.ts';

// Real disks on a machine that does other things too.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe('the folder of a sandbox', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slotwright-place-'));
  });
  afterEach(async () => rm(folder, { recursive: true, force: true }));

  const hooks = {
    signal: new AbortController().signal,
    output: () => undefined,
    note: () => undefined,
  };
  const tiny = async (directory: string): Promise<unknown> =>
    sandboxCreate(directory, hooks, { system: 'tiny' });

  it('is never taken from other files', async () => {
    await writeFile(join(folder, 'precious'), '');
    await expect(sandboxDestroy(folder)).rejects.toMatchObject({ code: 'not-a-sandbox' });
    expect(await readdir(folder)).toEqual(['precious']);
  });

  it('may be missing when it is destroyed', async () => {
    await expect(sandboxDestroy(join(folder, 'never'))).resolves.toBeUndefined();
  });

  describe.skipIf(NO_REAL_MACHINE !== undefined)('on a real machine', () => {
    it('is refused where something else is', async () => {
      await writeFile(join(folder, 'precious'), '');
      await expect(tiny(folder)).rejects.toMatchObject({ code: 'not-a-sandbox' });
    });

    it('is invisible to git, and gone when it is destroyed', async () => {
      const place = join(folder, 'sandbox');
      await tiny(place);
      expect(await readFile(join(place, '.gitignore'), 'utf8')).toMatch(/^\*$/m);
      await sandboxDestroy(place);
      expect(await readdir(folder)).toEqual([]);
    });

    it('has to be created before something runs in it', async () => {
      await expect(sandboxRun(folder, ['true'])).rejects.toMatchObject({
        code: 'sandbox-missing',
        hint: `slotwright sandbox create ${folder}`,
      });
    });

    it('runs a command in the booted system and passes its exit code on', async () => {
      const place = join(folder, 'sandbox');
      await tiny(place);
      expect(await sandboxRun(place, ['test', '-f', '/oem/install.yaml'])).toBe(0);
      expect(await sandboxRun(place, ['sh', '-c', 'exit 7'])).toBe(7);
    });

    it('takes hooks of your own in the place of the example', async () => {
      const own = join(folder, 'hooks');
      await mkdir(own);
      await writeFile(join(own, 'mine.yaml'), 'name: mine\n');
      await writeFile(join(own, 'notes.txt'), 'not a hook\n');
      const place = join(folder, 'sandbox');
      await sandboxCreate(place, hooks, { system: 'tiny', oem: [own] });
      const booted = await bootDisk(
        { path: join(place, 'disk.img') },
        { slot: 'active', userland: 'host' },
      );
      try {
        expect((await booted.run(['ls', '/oem'])).stdout).toBe('lost+found\nmine.yaml\n');
      } finally {
        await booted.shutdown();
      }
    });
  });
});
