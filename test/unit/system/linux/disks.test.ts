import { describe, expect, it } from 'vitest';
import { parseTags } from '../../../../src/system/linux/disks.ts';

describe('the output of blkid', () => {
  it('is read with its escapes undone', () => {
    const text = "DEVNAME=/dev/vda5\nLABEL=COS\\ STATE\nPART_ENTRY_NAME=it\\'s\\ =\\ mine\n\n";
    expect(Object.fromEntries(parseTags(text))).toEqual({
      DEVNAME: '/dev/vda5',
      LABEL: 'COS STATE',
      PART_ENTRY_NAME: "it's = mine",
    });
  });

  it('is nothing when nothing was found', () => {
    expect(parseTags('').size).toBe(0);
  });
});
