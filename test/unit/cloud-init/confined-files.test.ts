import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfinedFiles } from '../../../src/system/linux/confined-files.ts';

const me = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const bytes = Buffer.from('written');

describe('files confined to a root', () => {
  let directory: string;
  let root: string;
  let files: ConfinedFiles;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'slotwright-confined-'));
    root = join(directory, 'root');
    mkdirSync(join(root, 'etc'), { recursive: true });
    mkdirSync(join(directory, 'outside'));
    writeFileSync(join(directory, 'outside/secret'), 'secret');
    files = await ConfinedFiles.open(root);
  });
  afterEach(async () => {
    await files.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const write = (path: string, mode = 0o644) => files.write({ path, bytes, mode, ...me });
  const outside = (): string =>
    execFileSync('find', [join(directory, 'outside'), '-printf', '%P %m %s\n']).toString();

  it('takes absolute links and `..` for the root, never for the machine', async () => {
    symlinkSync('/etc', join(root, 'absolute'));
    symlinkSync('../../../../../../etc', join(root, 'etc/up'));
    symlinkSync(join(directory, 'outside'), join(root, 'out'));
    await write('/absolute/a');
    await write('/etc/up/b');
    await expect(write('/out/c')).rejects.toMatchObject({ code: 'hook-file-failed' });
    expect(readdirSync(join(root, 'etc')).sort()).toEqual(['a', 'b', 'up']);
    expect(await files.read('/out/secret')).toBeUndefined();
    expect(outside()).toMatch(/^.*\nsecret \d+ 6\n$/);
  });

  it('writes through a link to where it points, also when nothing is there yet', async () => {
    symlinkSync('target', join(root, 'etc/link'));
    await write('/etc/link', 0o600);
    expect(lstatSync(join(root, 'etc/link')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(root, 'etc/target'), 'utf8')).toBe('written');
    expect(statSync(join(root, 'etc/target')).mode & 0o7777).toBe(0o600);
  });

  it('replaces a file in one go and leaves no temporary file, whatever the umask', async () => {
    const umask = process.umask(0o077);
    try {
      writeFileSync(join(root, 'etc/file'), 'old');
      const before = statSync(join(root, 'etc/file')).ino;
      await write('/etc/file', 0o4755);
      const after = statSync(join(root, 'etc/file'));
      expect(after.ino).not.toBe(before);
      expect(after.mode & 0o7777).toBe(0o4755);
      await files.makeDirectory({ path: '/etc/dir', mode: 0o1777, ...me });
      expect(statSync(join(root, 'etc/dir')).mode & 0o7777).toBe(0o1777);
      expect(readdirSync(join(root, 'etc')).sort()).toEqual(['dir', 'file']);
    } finally {
      process.umask(umask);
    }
  });

  it('says what stands in the way', async () => {
    writeFileSync(join(root, 'etc/file'), '');
    symlinkSync('loop', join(root, 'loop'));
    await expect(write('/etc')).rejects.toMatchObject({ message: 'cannot write /etc' });
    await expect(write('/none/file')).rejects.toMatchObject({
      reason: 'no such file or directory (ENOENT)',
    });
    await expect(write('/etc/file/x')).rejects.toMatchObject({
      reason: 'not a directory (ENOTDIR)',
    });
    await expect(write('/loop/x')).rejects.toMatchObject({ reason: 'too many links' });
    expect(await files.stat('/etc/file/x', 'follow')).toBeUndefined();
    expect(readdirSync(join(root, 'etc'))).toEqual(['file']);
  });

  it('lists names in byte order and reads nothing that is no file', async () => {
    for (const name of ['b', 'a.yaml', 'é', 'Z']) {
      writeFileSync(join(root, name), name);
    }
    expect(await files.list('/')).toEqual(['Z', 'a.yaml', 'b', 'etc', 'é']);
    execFileSync('mkfifo', [join(root, 'pipe')]);
    await expect(files.read('/pipe')).rejects.toMatchObject({ reason: 'it is no regular file' });
    expect(await files.read('/none')).toBeUndefined();
  });

  it('changes nothing outside for any tree of links', async () => {
    const name = fc.constantFrom('a', 'b', 'etc');
    const step = fc.oneof(name, fc.constantFrom('..', '.', ''));
    const target = fc
      .tuple(
        fc.constantFrom('', '/', '../../../../../../../..' + '/tmp/'),
        fc.array(step, { maxLength: 5 }),
      )
      .map(([start, steps]) => start + steps.join('/') || '/');
    const before = outside();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(name, target), { maxLength: 6 }),
        fc.array(step, { minLength: 1, maxLength: 6 }),
        async (links, path) => {
          rmSync(root, { recursive: true, force: true });
          mkdirSync(join(root, 'etc'), { recursive: true });
          const own = await ConfinedFiles.open(root);
          links.forEach(([link, to], index) => {
            try {
              symlinkSync(to, join(root, index % 2 === 0 ? '' : 'etc', link));
            } catch {
              // EEXIST: an earlier link has the name.
            }
          });
          const marked = `/${path.join('/')}/escape-attempt`;
          await own.write({ path: marked, bytes, mode: 0o644, ...me }).catch(() => undefined);
          await own.setMode(marked, 0o600).catch(() => undefined);
          await own.remove(marked).catch(() => undefined);
          await own.close();
        },
      ),
      { numRuns: 150 },
    );
    expect(outside()).toBe(before);
    expect(readdirSync('/tmp')).not.toContain('escape-attempt');
    expect(readdirSync('/')).not.toContain('escape-attempt');
  });

  it.each(['../../root/.ssh', '/root/.ssh'])(
    'stays in the home of a user who puts a link to %s in the place of a directory that was looked at',
    async (target) => {
      for (const home of ['home/ada', 'root']) {
        mkdirSync(join(root, home, '.ssh'), { recursive: true });
      }
      const before = statSync(join(root, 'root/.ssh'));
      await files.inside('/home/ada', async (home) => {
        expect(await home.stat('/.ssh', 'keep')).toMatchObject({ kind: 'directory' });
        renameSync(join(root, 'home/ada/.ssh'), join(root, 'home/ada/away'));
        symlinkSync(target, join(root, 'home/ada/.ssh'));
        const keys = { path: '/.ssh/authorized_keys', bytes, mode: 0o600, ...me };
        await expect(home.write(keys)).rejects.toMatchObject({ code: 'hook-file-failed' });
        await expect(home.setMode('/.ssh', 0o700)).rejects.toBeDefined();
        expect(await home.read('/.ssh/authorized_keys')).toBeUndefined();
      });
      expect(readdirSync(join(root, 'root/.ssh'))).toEqual([]);
      expect(statSync(join(root, 'root/.ssh')).ctimeMs).toBe(before.ctimeMs);
    },
  );

  it('stays inside while somebody swaps a directory for a link out of the root', async () => {
    mkdirSync(join(root, 'real'));
    symlinkSync(join(directory, 'outside'), join(root, 'fake'));
    const before = outside();
    let swapping = true;
    const swap = async (): Promise<void> => {
      while (swapping) {
        renameSync(join(root, 'real'), join(root, 'spot'));
        await new Promise(setImmediate);
        renameSync(join(root, 'spot'), join(root, 'real'));
        renameSync(join(root, 'fake'), join(root, 'spot'));
        await new Promise(setImmediate);
        renameSync(join(root, 'spot'), join(root, 'fake'));
      }
    };
    const swapper = swap();
    for (let index = 0; index < 200; index += 1) {
      await write(`/spot/file-${String(index)}`).catch(() => undefined);
    }
    swapping = false;
    await swapper;
    expect(outside()).toBe(before);
  });
});
