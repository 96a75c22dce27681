/** SELinux contexts of a new system, by its own policy and its own tool. The kernel need not have SELinux. */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createExec } from '../../src/system/linux/exec.ts';
import { setContexts } from '../../src/system/linux/selinux.ts';
import { EXIT } from '../../src/exit-codes.ts';

const SETFILES = '/usr/sbin/setfiles';
const missing =
  process.getuid?.() !== 0
    ? 'it needs root'
    : [SETFILES, '/usr/bin/getfattr'].find((program) => !existsSync(program));
if (missing !== undefined) process.stdout.write(`SELinux contexts: left out, ${missing}\n`);

describe.skipIf(missing !== undefined)('SELinux contexts of a tree', () => {
  let root: string;
  const effort = { signal: new AbortController().signal };
  const set = () => setContexts(createExec(), root, effort);
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'slotwright-selinux-'));
    put('usr/bin/tool', 'tool');
    put('etc/motd', 'hello');
  });

  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  it('are those of its own policy, where it brings one and the tool', async () => {
    policy('targeted');
    tool();
    expect(await set()).toEqual({ set: 'yes' });
    expect(contextOf('usr/bin/tool')).toBe('system_u:object_r:bin_t:s0');
    expect(contextOf('etc/motd')).toBe('system_u:object_r:default_t:s0');
  });

  it('are those of the policy that its configuration names', async () => {
    policy('minimum');
    tool();
    put('etc/selinux/config', '# type\nSELINUX=enforcing\nSELINUXTYPE=minimum\n');
    expect(await set()).toEqual({ set: 'yes' });
    expect(contextOf('usr/bin/tool')).toBe('system_u:object_r:bin_t:s0');
  });

  it('leave what is mounted from this machine as it is', async () => {
    policy('targeted');
    tool();
    await set();
    expect(spawnSync('getfattr', ['-n', 'security.selinux', '/dev/null']).status).not.toBe(0);
    expect(spawnSync('getfattr', ['-n', 'security.selinux', join(root, 'proc')]).status).not.toBe(
      0,
    );
  });

  it.each([
    ['there is no policy', () => tool(), 'no policy in it'],
    ['there is no tool', () => policy('targeted'), 'left to its first boot'],
  ])('are not set where %s', async (_case, make, reason) => {
    make();
    expect(await set()).toEqual({ set: 'no', reason: expect.stringContaining(reason) as string });
    expect(contextOf('usr/bin/tool')).toBeUndefined();
  });

  it('that cannot be set are an error with a code of its own', async () => {
    policy('targeted', 'this is no context\n');
    tool();
    await expect(set()).rejects.toMatchObject({ code: 'selinux-failed', exit: EXIT.selinux });
  });

  function policy(name: string, contexts = CONTEXTS): void {
    put(`etc/selinux/${name}/policy/policy.33`, '');
    put(`etc/selinux/${name}/contexts/files/file_contexts`, contexts);
  }

  function tool(): void {
    const libraries = execFileSync('ldd', [SETFILES], { encoding: 'utf8' }).match(/\/\S+/g) ?? [];
    for (const path of [SETFILES, ...libraries]) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      copyFileSync(path, join(root, path));
    }
  }

  function contextOf(path: string): string | undefined {
    const { status, stdout } = spawnSync(
      'getfattr',
      ['--only-values', '-n', 'security.selinux', join(root, path)],
      { encoding: 'utf8' },
    );
    return status === 0 ? stdout.replace('\0', '') : undefined;
  }
});

const CONTEXTS =
  '/.*\tsystem_u:object_r:default_t:s0\n/usr/bin(/.*)?\tsystem_u:object_r:bin_t:s0\n';
