/** Health checks of the running system: real executables in real directories. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createExec } from '../../../../src/system/linux/exec.ts';
import { createHealth } from '../../../../src/system/linux/health.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slotwright-health-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(name: string, text: string, mode = 0o755): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const check = async (timeoutMs = 60_000) => {
  const directories = ['image', 'oem'].map((name) => join(folder, name));
  const health = createHealth(createExec(), directories);
  const effort = { signal: new AbortController().signal };
  const results = await health.check({ units: [], timeoutMs }, effort);
  return results.map(({ check: path, ...result }) => ({
    ...result,
    check: path.slice(folder.length + 1),
  }));
};

describe('health checks', () => {
  it('are none where nobody put any, and that is well', async () => {
    expect(await check()).toEqual([]);
  });

  it('run in the order of their names, and say what they printed', async () => {
    put('image/20-disk', '#!/bin/sh\necho full >&2; exit 3\n');
    put('image/10-net', '#!/bin/sh\necho up\n');
    expect(await check()).toEqual([
      { check: 'image/10-net', healthy: true, said: 'up' },
      { check: 'image/20-disk', healthy: false, said: 'full' },
    ]);
  });

  it('of the administrator take the place of those of the image that have their name', async () => {
    put('image/10-net', '#!/bin/sh\nexit 1\n');
    put('oem/10-net', '#!/bin/sh\necho mine\n');
    expect(await check()).toEqual([{ check: 'oem/10-net', healthy: true, said: 'mine' }]);
  });

  it('that cannot be run have failed, they are not passed over', async () => {
    put('image/10-broken', '#!/no/such/interpreter\n');
    const [result] = await check();
    expect(result).toMatchObject({ check: 'image/10-broken', healthy: false });
  });

  it('that say nothing have their exit code told', async () => {
    put('image/10-mute', '#!/bin/sh\nexit 7\n');
    expect(await check()).toMatchObject([{ healthy: false, said: 'exit code 7' }]);
  });

  it('that never end are ended, and have failed', async () => {
    put('image/10-hang', '#!/bin/sh\nexec sleep 600\n');
    expect(await check(200)).toMatchObject([{ healthy: false }]);
  });

  it('that leave others running have ended when they exit, and so has what they left', async () => {
    const file = join(folder, 'alive');
    put('image/10-daemon', `#!/bin/sh\n(sleep 1; touch ${file}) &\nexit 0\n`);
    put('image/20-hang', '#!/bin/sh\nsleep 600\n');
    expect(await check(300)).toMatchObject([
      { check: 'image/10-daemon', healthy: true },
      { check: 'image/20-hang', healthy: false, said: 'it did not end within 0 s' },
    ]);
  });

  it('may print without end: the end of it is kept', async () => {
    put('image/10-loud', '#!/bin/sh\nyes | head -c 5000000\necho last\nexit 1\n');
    const [result] = await check();
    expect(result?.said).toMatch(/last$/);
    expect(result?.said.length).toBeLessThanOrEqual(2000);
  });

  it.each([
    ['others may write to', (path: string) => chmodSync(path, 0o777), 'others than root may write'],
    [
      'leads nowhere',
      (path: string) => {
        rmSync(path);
        symlinkSync('/no/where', path);
      },
      'leads nowhere',
    ],
  ])('that %s are not run, and have failed', async (_what, spoil, said) => {
    spoil(put('image/10-check', '#!/bin/sh\nexit 0\n'));
    const [result] = await check();
    expect(result).toMatchObject({ healthy: false });
    expect(result?.said).toContain(said);
  });

  it('are executables: a README and a hidden file beside them are not', async () => {
    put('image/README', 'put checks here', 0o644);
    put('image/.swp', 'x', 0o644);
    put('image/10-forgotten', '#!/bin/sh\nexit 0\n', 0o644);
    expect((await check()).map(({ check: path, healthy }) => [path, healthy])).toEqual([
      ['image/10-forgotten', false],
    ]);
  });
});
