import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeOwnerFile } from '../../../../src/system/linux/owner-file.ts';
import { scratch } from './scratch.ts';

describe('a file for its owner', () => {
  it('is written whole, and nobody else may read it', async () => {
    const file = path.join(await scratch(), 'page.html');
    await writeOwnerFile(file, 'secret');
    expect(await readFile(file, 'utf8')).toBe('secret');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('replaces a plain file, whatever its mode was', async () => {
    const file = path.join(await scratch(), 'page.html');
    await writeFile(file, 'old', { mode: 0o644 });
    await writeOwnerFile(file, 'new');
    expect(await readFile(file, 'utf8')).toBe('new');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('does not follow a link, and says so', async () => {
    const folder = await scratch();
    await writeFile(path.join(folder, 'shadow'), 'precious');
    await symlink('shadow', path.join(folder, 'page.html'));
    await expect(writeOwnerFile(path.join(folder, 'page.html'), 'x')).rejects.toMatchObject({
      code: 'not-plain',
      reason: expect.stringContaining('a symbolic link') as string,
      exit: 1,
    });
    expect(await readFile(path.join(folder, 'shadow'), 'utf8')).toBe('precious');
  });

  it('does not replace a directory, and says so', async () => {
    const folder = await scratch();
    await mkdir(path.join(folder, 'page.html'));
    await expect(writeOwnerFile(path.join(folder, 'page.html'), 'x')).rejects.toMatchObject({
      code: 'not-plain',
      reason: expect.stringContaining('a directory') as string,
    });
  });

  it('says why when it cannot be written, and leaves nothing behind', async () => {
    const folder = await scratch();
    await expect(writeOwnerFile(path.join(folder, 'no/page.html'), 'x')).rejects.toMatchObject({
      code: 'file-unwritable',
      reason: expect.stringContaining('ENOENT') as string,
    });
    expect(await readdir(folder)).toEqual([]);
  });
});
