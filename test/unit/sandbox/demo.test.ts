import { link, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { debianArchive } from '../../../src/sandbox/debian-tree.ts';
import { hostCommand } from '../../../src/sandbox/host-command.ts';
import { claimPlace, sandboxPlace } from '../../../src/sandbox/place.ts';
import { NO_REAL_MACHINE } from '../../support/sandbox/no-real-machine.ts';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

describe('the demonstration', () => {
  let folder: string;
  let program: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slotwright-demo-'));
    program = await bundled('src/main.ts', join(folder, 'slotwright.cjs'));
  });
  afterAll(async () => rm(folder, { recursive: true, force: true }));

  it.skipIf(NO_REAL_MACHINE !== undefined)(
    'upgrades a real Debian with the hook of the field manual, and again after a power cut',
    async ({ skip }) => {
      const place = sandboxPlace(join(folder, 'sandbox'));
      const archive = await sharedArchive();
      if (archive === undefined) return skip('the package archive cannot be reached');
      await claimPlace(place);
      await mkdir(place.cache);
      await link(archive, join(place.cache, basename(archive))).catch(() =>
        hostCommand('cp', [archive, place.cache]),
      );
      const { all, exitCode } = await execa(program, ['sandbox', 'demo', place.folder], OUTPUT);
      expect(all).toContain('Real: ');
      expect(all).toContain('owes run-chroot-stage');
      expect(all.match(/VERSION="2\.0"/g)).toHaveLength(2);
      expect(all.match(/VIM - Vi IMproved/g)).toHaveLength(2);
      expect(all).not.toMatch(/^ +NO /m);
      expect(exitCode).toBe(0);
    },
  );

  it.skipIf(NO_REAL_MACHINE !== undefined)('is told without root too, and says so', async () => {
    await hostCommand('chmod', ['755', folder]);
    const teller = await bundled(
      'test/support/sandbox/tell-demo.ts',
      join(folder, 'tell-demo.cjs'),
    );
    const nobody = ['--reuid=65534', '--clear-groups', '--', 'node', teller, '/nowhere'];
    const { all, exitCode } = await execa('setpriv', nobody, OUTPUT);
    expect(all).toContain('Simulated, because a real disk cannot be had here: it needs root');
    expect(exitCode).toBe(0);
  });
});

const OUTPUT = { all: true, reject: false } as const;

async function bundled(entry: string, outfile: string): Promise<string> {
  const banner = { js: '#!/usr/bin/env node' };
  await build({ entryPoints: [entry], outfile, bundle: true, platform: 'node', banner });
  await hostCommand('chmod', ['755', outfile]);
  return outfile;
}

/** The root tree that `npm start` uses too: fetched once, kept in the checkout's git-ignored folder. */
async function sharedArchive(): Promise<string | undefined> {
  const place = sandboxPlace('.sandbox');
  await claimPlace(place);
  return debianArchive(place.cache, process.execPath, () => undefined).catch(() => undefined);
}
