import { describe, expect, it } from 'vitest';
import { dryRun } from '../../../src/system/dry-run.ts';
import { faultySystem, PowerCut } from '../../../src/system/faulty.ts';
import { newMachine } from '../../../src/system/simulated/new-machine.ts';
import { simulatedSystem } from '../../../src/system/simulated/system.ts';
import { replace } from '../../../machines/replace.ts';

const STATE = '/run/initramfs/cos-state';
const ACTIVE = `${STATE}/cOS/active.img`;

const writable = async () => {
  const machine = newMachine({ slots: { active: 'one', passive: 'zero', recovery: 'rescue' } });
  const system = simulatedSystem(machine);
  await system.mounts.remount(STATE, 'rw');
  return { machine, system };
};

describe('a faulty system', () => {
  it('without a fault counts effects and leaves reads alone', async () => {
    const { system: inner } = await writable();
    const { system, effects } = faultySystem(inner);
    await system.files.stat(ACTIVE);
    await system.files.link(ACTIVE, `${STATE}/second`);
    await system.settle.sync([STATE]);
    expect(effects).toEqual(['files.link', 'settle.sync']);
  });

  it.each([
    ['before', 1],
    ['during', 2],
    ['after', 2],
  ] as const)('fails %s the effect it was told to', async (when, links) => {
    const { system: inner } = await writable();
    const { system } = faultySystem(inner, { at: 2, kind: 'fail', when });
    await system.settle.sync([STATE]);
    await expect(system.files.link(ACTIVE, `${STATE}/second`)).rejects.toMatchObject({
      code: 'input-output',
    });
    expect((await inner.files.stat(ACTIVE))?.links).toBe(links);
  });

  it('cuts with an error that is none of the tool', async () => {
    const { system: inner } = await writable();
    const { system } = faultySystem(inner, { at: 1, kind: 'cut', when: 'before' });
    await expect(system.settle.sync([STATE])).rejects.toBeInstanceOf(PowerCut);
  });

  it('hangs until the effect is aborted', async () => {
    const { system: inner } = await writable();
    const { system } = faultySystem(inner, { at: 1, kind: 'hang', when: 'before' });
    const stop = new AbortController();
    const copying = system.images.copy(ACTIVE, `${STATE}/copy.img`, { signal: stop.signal });
    stop.abort(new Error('stopped'));
    await expect(copying).rejects.toThrow('stopped');
  });
});

describe('a dry run', () => {
  it('tells what would be done and does nothing', async () => {
    const { machine, system: inner } = await writable();
    const { tree } = machine.disk('state');
    const { system, told } = dryRun(inner);
    const target = `${STATE}/cOS/transition.img`;
    await system.images.create(target, { bytes: 2 ** 20, label: 'COS_ACTIVE', fs: 'ext2' });
    const doomed = `${STATE}/cOS/doomed.img`;
    await replace(system, { name: ACTIVE, by: target, doomed, at: STATE });
    expect(told).toEqual([
      `make the ext2 image ${target} of 1 MiB, labelled COS_ACTIVE`,
      `give ${ACTIVE} the second name ${doomed}`,
      `rename ${target} to ${ACTIVE}`,
      `remove ${doomed}`,
    ]);
    expect(machine.disk('state').tree).toBe(tree);
  });

  it('sees the names it would have made', async () => {
    const { system } = dryRun((await writable()).system);
    await system.images.copy(ACTIVE, `${STATE}/copy.img`, {
      signal: new AbortController().signal,
    });
    expect(await system.images.label(`${STATE}/copy.img`)).toBe('COS_ACTIVE');
    await system.files.remove(ACTIVE);
    expect(await system.files.stat(ACTIVE)).toBeUndefined();
  });
});
