import { execFileSync } from 'node:child_process';
import { truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  decodeSuperblock,
  mountableFs,
  readSuperblock,
} from '../../../../src/system/linux/superblock.ts';
import { scratch } from './scratch.ts';

const blkid = (file: string, tag: string): string =>
  execFileSync('blkid', ['-p', '-o', 'value', '-s', tag, file], { encoding: 'utf8' }).trim();

describe('the superblock of an image', () => {
  it.each(['ext2', 'ext3', 'ext4'])('says of %s what blkid says', async (fs) => {
    const file = path.join(await scratch(), 'image');
    writeFileSync(file, '');
    truncateSync(file, 8 * 2 ** 20);
    execFileSync('mke2fs', ['-q', '-t', fs, '-L', 'SIXTEEN LETTERS!', file]);
    const found = await readSuperblock(file);
    const [label, uuid] = [blkid(file, 'LABEL'), blkid(file, 'UUID')];
    expect(found).toEqual({ fs, label, uuid, bytes: 8 * 2 ** 20 });
    expect(found.fs).toBe(blkid(file, 'TYPE'));
  });

  it('is not asked of an installation medium, which is known by its mark', async () => {
    const file = path.join(await scratch(), 'medium.iso');
    const bytes = Buffer.alloc(40_000);
    bytes.write('CD001', 0x8001, 'latin1');
    writeFileSync(file, bytes);
    expect(await mountableFs(file)).toBe('iso9660');
    await expect(readSuperblock(file)).rejects.toMatchObject({ code: 'image-unknown' });
  });

  it('has no label where none was given', async () => {
    const file = path.join(await scratch(), 'image');
    writeFileSync(file, '');
    truncateSync(file, 2 ** 20);
    execFileSync('mke2fs', ['-q', '-t', 'ext2', file]);
    expect(await readSuperblock(file)).not.toHaveProperty('label');
  });

  it('knows squashfs by its first bytes', async () => {
    const folder = await scratch();
    const file = path.join(folder, 'image');
    writeFileSync(path.join(folder, 'note'), 'text');
    execFileSync('mksquashfs', [path.join(folder, 'note'), file, '-quiet', '-no-progress']);
    expect(await readSuperblock(file)).toMatchObject({ fs: 'squashfs' });
  });

  it.each([
    ['an empty file', ''],
    ['a text', 'hello'],
    ['half a squashfs header', 'hsqs'],
    ['zeroes', '\0'.repeat(4096)],
  ])('is not found in %s', async (_what, content) => {
    const file = path.join(await scratch(), 'image');
    writeFileSync(file, content);
    expect(decodeSuperblock(Buffer.from(content))).toBeUndefined();
    await expect(readSuperblock(file)).rejects.toMatchObject({ code: 'image-unknown', exit: 68 });
  });

  it('is not found where there is no file', async () => {
    await expect(readSuperblock('/no/such/image')).rejects.toMatchObject({ code: 'not-found' });
  });
});
