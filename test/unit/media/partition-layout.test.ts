import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layOut, MIB, placed } from '../../../src/media/partition-layout.ts';

describe('the layout of a disk', () => {
  it('has the partitions of the reference, in its order and sizes', () => {
    const layout = layOut({}, 512 * MIB);
    const mebibytes = placed(layout).map(({ name, offset, bytes }) => [
      name,
      offset / MIB,
      bytes / MIB,
    ]);
    expect(mebibytes).toEqual([
      ['bios', 1, 1],
      ['efi', 2, 64],
      ['oem', 66, 64],
      ['recovery', 130, 4096],
      ['state', 4226, 8192],
      ['persistent', 12418, 1024],
    ]);
    expect(layout.bytes / MIB).toBe(13443);
  });

  it('leaves no gap and no overlap, whatever the sizes', () => {
    const sizes = fc.record({
      efi: fc.integer({ min: 8, max: 4096 }),
      oem: fc.integer({ min: 16, max: 4096 }),
      recovery: fc.integer({ min: 1000, max: 9000 }),
      state: fc.integer({ min: 1000, max: 9000 }),
      persistent: fc.integer({ min: 16, max: 9000 }),
    });
    fc.assert(
      fc.property(sizes, (given) => {
        const layout = layOut(given, 128 * MIB);
        let end = MIB;
        for (const { offset, bytes } of placed(layout)) {
          expect(offset).toBe(end);
          end += bytes;
        }
        expect(layout.bytes).toBe(end + MIB);
      }),
    );
  });

  it('ends with recovery where the first boot does the rest, whose sizes must fit all the same', () => {
    const layout = layOut({}, 512 * MIB, 'expandable');
    expect(placed(layout).map(({ name }) => name)).toEqual(['bios', 'efi', 'oem', 'recovery']);
    expect(layout.bytes / MIB).toBe(4227);
    expect(() => layOut({ state: 100 }, 512 * MIB, 'expandable')).toThrow(
      expect.objectContaining({ code: 'partition-too-small' }) as Error,
    );
  });

  it.each([
    ['state', { state: 1500 }, '1610'],
    ['recovery', { recovery: 700 }, '1095'],
    ['oem', { oem: 4 }, '16'],
    ['efi', { efi: 1 }, '8'],
  ])(
    'refuses a %s partition that cannot do its work, and says what would',
    (name, sizes, least) => {
      expect(() => layOut(sizes, 500 * MIB + 100_000)).toThrow(
        expect.objectContaining({
          code: 'partition-too-small',
          hint: `give it at least ${least}: --size ${name}=${least}`,
        }) as Error,
      );
    },
  );
});
