import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../../src/exit-codes.ts';
import { pullImage } from '../../../src/media/pull-image.ts';
import { createLinuxSystem } from '../../../src/system/linux/index.ts';
import { noStages } from '../../support/no-stages.ts';

const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)('an image that is pulled', () => {
  const system = createLinuxSystem({ stages: noStages });
  const work = { signal: new AbortController().signal, note: () => undefined };
  let folder = '';
  const at = (name: string): string => path.join(folder, name);
  const source = () => ({ kind: 'dir', path: at('tree'), uri: `dir://${at('tree')}` }) as const;

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'slotwright-pull-'));
    mkdirSync(at('tree/etc'), { recursive: true });
    writeFileSync(at('tree/etc/os-release'), 'VERSION=1\n', { mode: 0o640 });
    symlinkSync('os-release', at('tree/etc/release'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('lies under a name that was free, with its modes and links', async () => {
    const pulled = await pullImage(system, { source: source(), destination: at('new') }, work);
    expect(pulled).toMatchObject({ destination: at('new'), files: 1 });
    expect(statSync(at('new/etc/os-release')).mode & 0o777).toBe(0o640);
    expect(lstatSync(at('new/etc/release')).isSymbolicLink()).toBe(true);
    expect(readdirSync(folder).filter((name) => name.startsWith('.slotwright'))).toEqual([]);
  });

  it('fills an empty directory', async () => {
    mkdirSync(at('empty'));
    await pullImage(system, { source: source(), destination: at('empty') }, work);
    expect(existsSync(at('empty/etc/os-release'))).toBe(true);
  });

  it('is never laid over files, or over what is no directory', async () => {
    for (const name of ['tree', 'tree/etc/release']) {
      await expect(
        pullImage(system, { source: source(), destination: at(name) }, work),
      ).rejects.toMatchObject({ code: 'output-exists', exit: EXIT.outputExists });
    }
  });

  it('leaves nothing behind when it is stopped', async () => {
    const stop = new AbortController();
    const note = (): void => stop.abort();
    await expect(
      pullImage(
        system,
        { source: source(), destination: at('stopped') },
        { signal: stop.signal, note },
      ),
    ).rejects.toThrow();
    expect(readdirSync(folder).toSorted()).not.toContain('stopped');
    expect(readdirSync(folder).filter((name) => name.startsWith('.slotwright'))).toEqual([]);
  });
});
