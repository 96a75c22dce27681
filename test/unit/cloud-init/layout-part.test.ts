import { describe, expect, it } from 'vitest';
import { layout } from '../../../src/cloud-init/parts/layout.ts';
import { memoryTarget } from '../../support/cloud-init/memory-target.ts';
import { runPart } from '../../support/cloud-init/part-run.ts';

const wanted = { device: { path: '/dev/x' }, expand_partition: { size: 0 } };

describe('layout', () => {
  it('is refused in a chroot, and asks nothing of the machine', async () => {
    const target = memoryTarget({ scope: 'chroot' });
    const told = await runPart(layout, { layout: wanted }, { target });
    expect(told.failures).toEqual([
      '`layout` is not done in a chroot: it would divide a disk of the running machine; use a stage of the boot, or one without `-chroot`',
    ]);
    expect(target.calls).toEqual([]);
  });

  it('says that it does nothing when it names no disk', async () => {
    const target = memoryTarget();
    for (const device of [undefined, {}, { init_disk: true }]) {
      const told = await runPart(layout, { layout: { ...wanted, device } }, { target });
      expect(told).toEqual({
        failures: [],
        warnings: ['`layout` names no disk by `device.path` or `device.label`: nothing is done'],
      });
    }
    expect(target.calls).toEqual([]);
  });

  it('fails when the disk is not there, or is a file', async () => {
    const target = memoryTarget({ files: { '/disk.raw': '' } });
    const failures = async (path: string) =>
      (await runPart(layout, { layout: { device: { path } } }, { target })).failures;
    expect(await failures('/dev/x')).toEqual(['there is no disk /dev/x']);
    expect(await failures('/disk.raw')).toEqual(['/disk.raw is a file and no disk']);
    expect(await failures('dev/x')).toEqual(['the path `dev/x` must be absolute']);
    expect(await failures('script://exit 1')).toEqual([
      'the script of `device.path` gave no path but: nothing',
    ]);
  });
});
