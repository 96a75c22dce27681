import { describe, expect, it } from 'vitest';
import { isAtOrBelow, mountAt, parseMountInfo } from '../../../../src/system/linux/mountinfo.ts';

const TABLE = `\
21 1 7:0 / / ro,relatime shared:1 - ext2 /dev/loop0 ro
22 21 0:5 / /dev rw,nosuid shared:2 master:7 propagate_from:2 - devtmpfs devtmpfs rw,size=4096k
30 21 254:5 / /run/initramfs/cos-state ro,relatime - ext4 /dev/vda5 rw,errors=remount-ro
31 21 254:6 /cloud /usr/local/my\\040dir\\134x\\011\\303\\244 rw - ext4 /dev/my\\040disk rw
40 21 0:33 / /etc rw - overlay overlay rw,lowerdir=/sysroot/etc,upperdir=/run/o/u,workdir=/run/o/w
41 40 0:34 / /etc ro - tmpfs tmpfs rw
garbage
`;

describe('the table of mounts', () => {
  const entries = parseMountInfo(TABLE);

  it('is read line by line, whatever optional fields stand there', () => {
    expect(entries.map(({ at, fs, device }) => [at, fs, device])).toEqual([
      ['/', 'ext2', '7:0'],
      ['/dev', 'devtmpfs', '0:5'],
      ['/run/initramfs/cos-state', 'ext4', '254:5'],
      ['/usr/local/my dir\\x\tä', 'ext4', '254:6'],
      ['/etc', 'overlay', '0:33'],
      ['/etc', 'tmpfs', '0:34'],
    ]);
  });

  it('decodes octal escapes in places and sources', () => {
    expect(entries[3]).toMatchObject({ source: '/dev/my disk', root: '/cloud' });
  });

  it('tells the mode of a mount from that of its file system', () => {
    expect(entries[2]).toMatchObject({ mountMode: 'ro', superMode: 'rw' });
  });

  it('does not take errors=remount-ro for read-only', () => {
    expect(entries[2]?.superOptions).toContain('errors=remount-ro');
    expect(entries[2]?.superMode).toBe('rw');
  });

  it('gives the topmost of two mounts at one place', () => {
    expect(mountAt(entries, '/etc')?.fs).toBe('tmpfs');
    expect(mountAt(entries, '/etc/passwd')).toBeUndefined();
  });

  it.each([
    ['/run', '/run', true],
    ['/run/cos', '/run', true],
    ['/running', '/run', false],
    ['/run', '/run/cos', false],
    ['/anything', '/', true],
  ])('says of %s and %s: at or below is %s', (path, top, expected) => {
    expect(isAtOrBelow(path, top)).toBe(expected);
  });
});
