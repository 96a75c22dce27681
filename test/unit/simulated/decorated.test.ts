import { describe, expect, it } from 'vitest';
import { dryRun } from '../../../src/system/dry-run.ts';
import { faultySystem, PowerCut } from '../../../src/system/faulty.ts';
import { newMachine } from '../../../src/system/simulated/new-machine.ts';
import { sourceOf } from '../../../src/system/simulated/sources.ts';
import { simulatedSystem } from '../../../src/system/simulated/system.ts';
import { replace } from '../../../machines/replace.ts';

const STATE = '/run/initramfs/cos-state';
const ACTIVE = `${STATE}/cOS/active.img`;
const PASSIVE = `${STATE}/cOS/passive.img`;
const EFFORT = { signal: new AbortController().signal };

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

  it('counts blocks where they would be taken, and those that lose their last name', async () => {
    const { system: inner } = await writable();
    const { system, volumes } = dryRun(inner);
    const free = await inner.disks.free(STATE);
    const { allocatedBytes } = (await inner.files.stat(ACTIVE)) ?? { allocatedBytes: 0 };
    await system.images.copy(ACTIVE, `${STATE}/copy.img`, EFFORT);
    expect(await system.disks.free(STATE)).toBe(free - allocatedBytes);
    await system.files.link(PASSIVE, `${STATE}/second`);
    await system.files.remove(PASSIVE);
    expect(await system.disks.free(STATE)).toBe(free - allocatedBytes);
    await system.files.remove(`${STATE}/second`);
    expect(await system.disks.free(STATE)).toBe(free);
    expect(volumes()).toEqual([
      expect.objectContaining({
        name: 'COS_STATE',
        freeBytes: free,
        lowestFreeBytes: free - allocatedBytes,
      }),
    ]);
    expect(await inner.disks.free(STATE)).toBe(free);
  });

  it('gives the room of the image that runs back with the next boot only', async () => {
    const later: number[] = [];
    const { system: inner } = await writable();
    const { system } = dryRun(inner, {
      gaveBack: (_, bytes, when) => {
        if (when === 'with the next boot') later.push(bytes);
      },
    });
    const free = await system.disks.free(STATE);
    const { allocatedBytes } = (await system.files.stat(ACTIVE)) ?? {};
    await system.files.remove(ACTIVE);
    expect(await system.disks.free(STATE)).toBe(free);
    expect(later).toEqual([allocatedBytes]);
  });

  it('is full where the machine would be', async () => {
    const machine = newMachine({ slots: { active: 'one' }, stateBytes: 300 * 2 ** 20 });
    const { system } = dryRun(simulatedSystem(machine));
    await expect(system.images.copy(ACTIVE, `${STATE}/copy.img`, EFFORT)).rejects.toMatchObject({
      code: 'no-space',
    });
  });

  it('shows in a new image what would be copied into it, wherever that is mounted', async () => {
    const machine = newMachine({
      slots: { active: 'one', recovery: 'rescue' },
      sources: { '/new': sourceOf('two', { '/etc/motd': 'hello' }) },
    });
    const before = machine.mounts;
    const { system, release } = dryRun(simulatedSystem(machine));
    const [image, at] = [`${STATE}/new.img`, '/run/tree'];
    const source = { kind: 'dir', path: '/new', uri: 'dir:///new' } as const;
    await system.images.create(image, { bytes: 2 ** 30, label: 'X', fs: 'ext2' });
    await system.mounts.mount({ kind: 'image', source: image, at, mode: 'rw' });
    expect(await system.files.list(at)).toEqual([]);
    await system.images.fill(source, at, EFFORT);
    await system.files.writeText(`${at}/etc/issue`, 'mine', 0o644);
    await system.files.remove(`${at}/etc/motd`);
    await system.mounts.unmount(at);
    await system.images.copy(image, `${STATE}/copy.img`, EFFORT);
    await system.mounts.mount({ kind: 'image', source: image, at: '/run/again', mode: 'rw' });
    expect(await system.files.list('/run/again/etc')).toEqual(['issue', 'os-release']);
    expect(await system.files.readText('/run/again/etc/os-release')).toContain('two');
    expect(await system.files.readText('/run/again/etc/issue')).toBe('mine');
    await release();
    expect(machine.mounts).toEqual(before);
  });

  it('shows the content of a copied image by mounting the image that is there, to be read', async () => {
    const { machine, system: inner } = await writable();
    const before = machine.mounts;
    const { system, release } = dryRun(inner);
    const [image, at] = [`${STATE}/copy.img`, '/run/tree'];
    await system.images.copy(ACTIVE, image, EFFORT);
    await system.mounts.mount({ kind: 'image', source: image, at, mode: 'rw' });
    expect(await system.files.readText(`${at}/etc/os-release`)).toContain('one');
    expect(await system.mounts.list()).toContainEqual(expect.objectContaining({ at, mode: 'rw' }));
    expect(machine.mounts).toContainEqual(expect.objectContaining({ at, mode: 'ro' }));
    await release();
    expect(machine.mounts).toEqual(before);
  });

  it('remembers modes, boot variables, what was erased and what was moved', async () => {
    const machine = newMachine({
      slots: { active: 'one' },
      files: { '/usr/local/folder/data': 'of the user' },
      bootVariables: { saved_entry: 'cos' },
    });
    const { system } = dryRun(simulatedSystem(machine));
    await system.mounts.remount(STATE, 'rw');
    const state = (await system.mounts.list()).find(({ at }) => at === STATE);
    expect(state).toMatchObject({ mode: 'rw', fileSystem: 'rw' });
    await system.boot.writeEnvironment('/oem/grubenv', { saved_entry: '', next_entry: 'recovery' });
    expect(await system.boot.readEnvironment('/oem/grubenv')).toEqual({ next_entry: 'recovery' });
    await system.files.rename('/usr/local/folder', '/usr/local/moved');
    expect(await system.files.readText('/usr/local/moved/data')).toBe('of the user');
    expect(await system.files.stat('/usr/local/folder/data')).toBeUndefined();
    await system.files.removeTree('/usr/local/moved');
    await system.files.makeDirectory('/usr/local/moved', 0o755);
    expect(await system.files.list('/usr/local/moved')).toEqual([]);
    expect(await system.files.list('/usr/local')).toEqual(['moved']);
  });
});
