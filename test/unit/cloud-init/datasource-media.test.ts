import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readFatFile } from '../../../src/cloud-init/parts/datasource/fat.ts';
import { readIsoFile } from '../../../src/cloud-init/parts/datasource/iso9660.ts';
import type { ReadMedium } from '../../../src/cloud-init/parts/datasource/medium.ts';
import { EntryError } from '../../../src/cloud-init/parts/entry-error.ts';
import { fatImage, hasPrograms, isoImage } from '../../support/cloud-init/media.ts';

let directory: string;
let image: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'slotwright-media-'));
  image = path.join(directory, 'image');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const readerOf =
  (bytes: Buffer): ReadMedium =>
  async (offset, length) => {
    if (offset + length > bytes.byteLength) {
      throw new EntryError('it ends too early');
    }
    return bytes.subarray(offset, offset + length);
  };

const long = 'x'.repeat(200_000);
const files = {
  'user-data': 'user data\n',
  config: 'config\n',
  'meta-data': '',
  'large-file-with-a-long-name': long,
  'openstack/latest/user_data': 'of openstack\n',
  ...Object.fromEntries(
    Array.from({ length: 60 }, (_, index) => [`filler-number-${String(index)}.txt`, 'filler']),
  ),
};

type Read = typeof readIsoFile;

async function texts(read: Read, bytes: Buffer): Promise<readonly (string | undefined)[]> {
  const found: (string | undefined)[] = [];
  for (const name of Object.keys(files)) {
    found.push((await read(readerOf(bytes), name.split('/')))?.toString());
  }
  return found;
}

describe.skipIf(!hasPrograms('mkfs.vfat', 'mcopy', 'mmd'))(
  'a FAT file system (needs dosfstools and mtools)',
  () => {
    it.each([12, 16, 32] as const)('of %d bits gives its files', async (bits) => {
      fatImage(image, { label: 'CIDATA', bits, files });
      const bytes = readFileSync(image);
      expect(await texts(readFatFile, bytes)).toEqual(Object.values(files));
      expect(await readFatFile(readerOf(bytes), ['USER-DATA'])).toBeDefined();
      for (const absent of [
        ['none'],
        ['openstack'],
        ['user-data', 'x'],
        ['openstack', 'none', 'x'],
      ]) {
        expect(await readFatFile(readerOf(bytes), absent)).toBeUndefined();
      }
    });

    it('that is damaged gives an error or a file, never more', async () => {
      fatImage(image, { label: 'CIDATA', bits: 12, files: { 'user-data': long } });
      await survivesDamage(readFileSync(image), readFatFile, ['user-data'], 12_000);
    });
  },
);

describe.skipIf(!hasPrograms('xorriso'))('an ISO 9660 file system (needs xorriso)', () => {
  it.each([
    ['Rock Ridge', ['-rock']],
    ['Joliet', ['-joliet', '-joliet-long']],
    ['both', ['-rock', '-joliet', '-joliet-long']],
  ])('with the names of %s gives its files', async (_, options) => {
    isoImage(image, { label: 'cidata', options, files });
    const bytes = readFileSync(image);
    expect(await texts(readIsoFile, bytes)).toEqual(Object.values(files));
    for (const absent of [
      ['none'],
      ['openstack'],
      ['user-data', 'x'],
      ['openstack', 'none', 'x'],
    ]) {
      expect(await readIsoFile(readerOf(bytes), absent)).toBeUndefined();
    }
  });

  it('without long names still gives short ones', async () => {
    isoImage(image, { label: 'cidata', options: [], files: { config: 'text' } });
    const found = await readIsoFile(readerOf(readFileSync(image)), ['config']);
    expect(found?.toString()).toBe('text');
  });

  it('with a very long name gives it whole', async () => {
    const name = 'n'.repeat(240);
    isoImage(image, { label: 'cidata', options: ['-rock'], files: { [name]: 'text' } });
    const found = await readIsoFile(readerOf(readFileSync(image)), [name]);
    expect(found?.toString()).toBe('text');
  });

  it('follows no link', async () => {
    isoImage(image, {
      label: 'cidata',
      options: ['-rock'],
      files: { config: 'text' },
      change: (tree) => {
        symlinkSync('/etc/shadow', path.join(tree, 'user-data'));
        symlinkSync('/etc', path.join(tree, 'openstack'));
      },
    });
    const bytes = readFileSync(image);
    expect(await readIsoFile(readerOf(bytes), ['user-data'])).toBeUndefined();
    expect(await readIsoFile(readerOf(bytes), ['openstack', 'passwd'])).toBeUndefined();
  });

  it('that is damaged gives an error or a file, never more', async () => {
    isoImage(image, {
      label: 'cidata',
      options: ['-rock', '-joliet'],
      files: { 'user-data': 'text', 'openstack/latest/user_data': long },
    });
    const path_ = ['openstack', 'latest', 'user_data'];
    await survivesDamage(readFileSync(image), readIsoFile, path_, 120_000);
  });
});

/** Writes nonsense into the first part of a medium and looks what the reader makes of it. */
async function survivesDamage(
  sound: Buffer,
  read: Read,
  name: readonly string[],
  within: number,
): Promise<void> {
  const damage = fc.array(fc.tuple(fc.nat(within), fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 200,
  });
  await fc.assert(
    fc.asyncProperty(damage, async (bytes) => {
      const broken = Buffer.from(sound);
      for (const [at, value] of bytes) {
        broken.writeUInt8(value, at);
      }
      try {
        await read(readerOf(broken), name);
      } catch (error) {
        if (!(error instanceof EntryError || error instanceof RangeError)) {
          throw error;
        }
      }
    }),
    { numRuns: 150 },
  );
}
