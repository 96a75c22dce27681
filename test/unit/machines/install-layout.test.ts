import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  layOutDisk,
  type WantedLayout,
  type WantedPartition,
} from '../../../machines/install-layout.ts';

const GIB = 2 ** 30;
const part = (
  name: string,
  mebibytes: number,
  label = `COS_${name.toUpperCase()}`,
): WantedPartition => ({
  name,
  mebibytes,
  label,
  fs: 'ext4',
});

const wanted = (more: Partial<WantedLayout> = {}): WantedLayout => ({
  disk: '/dev/sda',
  bytes: 32 * GIB,
  firmware: 'bios',
  kind: 'gpt',
  partitions: {
    oem: part('oem', 64),
    recovery: part('recovery', 4096),
    state: part('state', 8192),
    persistent: part('persistent', 0),
  },
  extra: [],
  imageLabels: ['COS_ACTIVE', 'COS_PASSIVE', 'COS_SYSTEM'],
  needs: { recovery: 500, state: 1000 },
  ...more,
});

const names = (layout: WantedLayout): readonly string[] =>
  layOutDisk(layout).partitions.map(({ name }) => name);

describe('the partitions of a disk to be installed', () => {
  it('come in the order of the reference, from 1 MiB on', () => {
    const { partitions } = layOutDisk(wanted());
    expect(partitions.map(({ name, startMiB, mebibytes }) => [name, startMiB, mebibytes])).toEqual([
      ['bios', 1, 1],
      ['oem', 2, 64],
      ['recovery', 66, 4096],
      ['state', 4162, 8192],
      ['persistent', 12354, 20413],
    ]);
  });

  it('end with the one that takes the rest, whichever that is', () => {
    const sized = { ...wanted().partitions, persistent: part('persistent', 1024) };
    const extra = [part('rest', 0), part('data', 100)];
    expect(names(wanted({ partitions: sized, extra }))).toEqual([
      ...['bios', 'oem', 'recovery', 'state', 'persistent', 'data', 'rest'],
    ]);
  });

  it('have one of their own for EFI, and the flag of msdos on state', () => {
    expect(names(wanted({ firmware: 'efi' }))[0]).toBe('efi');
    const msdos = layOutDisk(wanted({ kind: 'msdos' })).partitions;
    expect(msdos.map(({ name, boots }) => (boots ? `${name}!` : name))).toEqual([
      ...['oem', 'recovery', 'state!', 'persistent'],
    ]);
  });

  it.each<[string, Partial<WantedLayout>, string]>([
    ['EFI on msdos', { firmware: 'efi', kind: 'msdos' }, 'efi-needs-gpt'],
    [
      'five partitions on msdos',
      { kind: 'msdos', extra: [part('data', 10)] },
      'too-many-partitions',
    ],
    ['two rests', { extra: [part('data', 0)] }, 'two-rests'],
    ['one name twice', { extra: [part('state', 10, 'OTHER')] }, 'partition-twice'],
    ['one label twice', { extra: [part('data', 10, 'COS_OEM')] }, 'partition-twice'],
    ['the name of a part of the system', { extra: [part('efi', 64, 'OTHER')] }, 'name-taken'],
    ['the label of a part of the system', { extra: [part('data', 10, 'COS_GRUB')] }, 'name-taken'],
    ['the label of an image', { extra: [part('data', 10, 'COS_ACTIVE')] }, 'label-twice'],
    ['one label for two images', { imageLabels: ['A', 'B', 'A'] }, 'label-twice'],
    ['a label that no image keeps', { imageLabels: ['A'.repeat(17)] }, 'label-impossible'],
    [
      'a label of its own on msdos, which keeps no names',
      {
        kind: 'msdos',
        partitions: { ...wanted().partitions, state: part('state', 8192, 'OWN') },
      },
      'label-unknown',
    ],
    [
      'a file system that is not made',
      { extra: [{ ...part('data', 500), fs: 'btrfs' }] },
      'file-system-unknown',
    ],
    [
      'FAT for what needs links and modes',
      {
        partitions: {
          ...wanted().partitions,
          state: { ...part('state', 8192, 'COS_STATE'), fs: 'vfat' },
        },
      },
      'file-system-unknown',
    ],
    [
      'an XFS that is too small to be made',
      { extra: [{ ...part('data', 200), fs: 'xfs' }] },
      'partition-too-small',
    ],
    ['a label that is no word', { extra: [part('data', 10, 'a b')] }, 'label-impossible'],
    ['a label that is too long', { extra: [part('data', 10, 'A'.repeat(17))] }, 'label-impossible'],
    [
      'a label that is too long for its file system',
      { extra: [{ ...part('data', 500, 'A'.repeat(13)), fs: 'xfs' }] },
      'label-impossible',
    ],
    [
      'a name that says more than a name',
      { extra: [part('a, type=X', 10, 'A')] },
      'name-impossible',
    ],
    [
      'a state partition without room',
      { needs: { recovery: 1, state: 9000 } },
      'partition-too-small',
    ],
    ['a small disk', { bytes: 12 * GIB }, 'disk-too-small'],
  ])('are refused: %s', (_what, more, code) => {
    expect(() => layOutDisk(wanted(more))).toThrow(expect.objectContaining({ code }));
  });

  it('says by how much a disk is too small', () => {
    expect(() => layOutDisk(wanted({ bytes: 12_000 * 2 ** 20 }))).toThrow(
      '/dev/sda has 12000 MiB: 371 too few',
    );
  });

  it('never overlap, never leave the disk, and leave room for the second table', () => {
    const sizes = fc.integer({ min: 16, max: 5000 });
    fc.assert(
      fc.property(sizes, fc.array(sizes, { maxLength: 5 }), (state, extra) => {
        const { partitions } = layOutDisk(
          wanted({
            partitions: { ...wanted().partitions, state: part('state', 1000 + state) },
            extra: extra.map((size, index) => part(`extra${index}`, size, `E${index}`)),
            bytes: 64 * GIB,
          }),
        );
        let end = 1;
        for (const { startMiB, mebibytes } of partitions) {
          expect(startMiB).toBe(end);
          expect(mebibytes).toBeGreaterThan(0);
          end += mebibytes;
        }
        expect(end).toBe((64 * GIB) / 2 ** 20 - 1);
      }),
    );
  });
});
