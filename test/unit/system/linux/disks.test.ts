import { describe, expect, it } from 'vitest';
import { parseProbe } from '../../../../src/system/linux/disks.ts';

describe('the output of blkid', () => {
  it('is read device by device, with its escapes undone', () => {
    const text = [
      "DEVNAME=/dev/vda5\nLABEL=COS\\ STATE\nTYPE=ext4\nPART_ENTRY_NAME=it\\'s\\ =\\ mine\n",
      'DEVNAME=/dev/vda6\nTYPE=xfs\n',
    ].join('\n');
    const probed = parseProbe(text);
    expect([...probed.keys()]).toEqual(['/dev/vda5', '/dev/vda6']);
    expect(Object.fromEntries(probed.get('/dev/vda5') ?? [])).toMatchObject({
      LABEL: 'COS STATE',
      PART_ENTRY_NAME: "it's = mine",
    });
  });

  it('is nothing when nothing was found', () => {
    expect(parseProbe('').size).toBe(0);
  });
});
