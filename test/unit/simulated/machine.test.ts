import { describe, expect, it } from 'vitest';
import { boot, bootViews } from '../../../src/system/simulated/cold-machine.ts';
import type { UnsettledData } from '../../../src/system/simulated/file-system.ts';
import { SimulatedEventStore } from '../../../src/system/simulated/event-store.ts';
import type { SimulatedMachine } from '../../../src/system/simulated/machine.ts';
import { newMachine } from '../../../src/system/simulated/new-machine.ts';
import { sourceOf } from '../../../src/system/simulated/sources.ts';
import { simulatedSystem } from '../../../src/system/simulated/system.ts';
import { replace } from '../../../machines/replace.ts';

const STATE = '/run/initramfs/cos-state';
const ACTIVE = `${STATE}/cOS/active.img`;
const TARGET = `${STATE}/cOS/transition.img`;
const effort = { signal: new AbortController().signal };

const machineOf = (): SimulatedMachine =>
  newMachine({
    slots: { active: 'one', passive: 'zero', recovery: 'zero' },
    files: { '/oem/install.yaml': 'stages: {}' },
    sources: { '/new': sourceOf('two') },
  });

const writable = async (machine = machineOf()) => {
  const system = simulatedSystem(machine);
  await system.mounts.remount(STATE, 'rw');
  return { machine, system };
};

const rebooted = (machine: SimulatedMachine, data: UnsettledData = 'lost') => {
  const next = boot(machine.cut(data));
  if (next === undefined) throw new Error('nothing boots');
  return { machine: next, system: simulatedSystem(next) };
};

describe('a cut', () => {
  it.each(['lost', 'torn'] as const)(
    'takes what was written and not synced, when its data is %s',
    async (data) => {
      const { machine, system } = await writable();
      await system.images.relabel(ACTIVE, 'COS_PASSIVE');
      expect(await rebooted(machine, data).system.images.label(`${STATE}/cOS/active.img`)).toBe(
        'COS_ACTIVE',
      );
    },
  );

  it('leaves what was synced', async () => {
    const { machine, system } = await writable();
    await system.files.link(ACTIVE, `${STATE}/cOS/second.img`);
    await system.settle.sync([STATE]);
    const { system: after } = rebooted(machine);
    expect(await after.files.list(`${STATE}/cOS`)).toEqual([
      'active.img',
      'passive.img',
      'second.img',
    ]);
  });

  it('tears an image whose name is on disk and whose data is not', async () => {
    const { machine, system } = await writable();
    await system.images.create(TARGET, { bytes: 1, label: 'COS_ACTIVE', fs: 'ext2' });
    const { system: after } = rebooted(machine, 'torn');
    await expect(after.images.check(TARGET, effort)).rejects.toMatchObject({
      code: 'image-damaged',
    });
  });

  it('ends mounts, loop devices and locks, and mounts what a boot mounts', async () => {
    const { machine, system } = await writable();
    await system.mounts.mount({ kind: 'image', source: ACTIVE, at: '/run/a', mode: 'ro' });
    const { machine: after, system: booted } = rebooted(machine);
    expect(after.toolMounts()).toEqual([]);
    expect((await booted.mounts.list()).map(({ at, mode }) => `${at} ${mode}`)).toEqual([
      '/ ro',
      '/run rw',
      '/tmp rw',
      `${STATE} ro`,
      '/oem rw',
      '/usr/local rw',
    ]);
  });

  it('does not change the machine that was asked: one run yields every cut', async () => {
    const { machine, system } = await writable();
    await system.files.link(ACTIVE, `${STATE}/cOS/second.img`);
    machine.cut('lost');
    machine.kill();
    expect((await system.files.stat(ACTIVE))?.links).toBe(2);
  });
});

describe('an image behind a loop device', () => {
  const filled = async () => {
    const { machine, system } = await writable();
    await system.images.create(TARGET, { bytes: 1, label: 'COS_ACTIVE', fs: 'ext2' });
    await system.mounts.mount({ kind: 'image', source: TARGET, at: '/run/t', mode: 'rw' });
    await system.images.fill({ kind: 'dir', path: '/new', uri: 'dir:///new' }, '/run/t', effort);
    return { machine, system };
  };
  const soundAfterCut = async (machine: SimulatedMachine): Promise<string> => {
    const { system } = rebooted(machine);
    return system.images.check(TARGET, effort).then(
      () => 'sound',
      () => 'damaged',
    );
  };

  it('is not settled by a sync of the file system around it', async () => {
    const { machine, system } = await filled();
    await system.settle.sync([STATE]);
    expect(await soundAfterCut(machine)).toBe('damaged');
  });

  it('is settled by a sync of a path inside it', async () => {
    const { machine, system } = await filled();
    await system.settle.sync(['/run/t']);
    expect(await soundAfterCut(machine)).toBe('sound');
  });

  it('keeps what was written when the tool is killed', async () => {
    const { machine } = await filled();
    const after = machine.kill();
    expect(after.toolMounts()).toEqual([]);
    await expect(simulatedSystem(after).images.check(TARGET, effort)).resolves.toBeUndefined();
  });
});

describe('what GRUB sees', () => {
  const firstOf = (sight: unknown): string =>
    typeof sight === 'object' && sight !== null && 'label' in sight
      ? String(sight.label)
      : String(sight);
  const activeViews = (machine: SimulatedMachine): readonly string[] => {
    const views = bootViews(machine.cut('kept')).state.map(({ active }) => firstOf(active));
    return [...new Set(views)].sort();
  };

  it('is one view when everything is checkpointed', async () => {
    const { machine } = await writable();
    expect(bootViews(machine.cut('kept')).state).toHaveLength(1);
  });

  it('is garbage where a new name leads to an inode that is not written back yet', async () => {
    const { machine, system } = await writable();
    await system.images.create(TARGET, { bytes: 1, label: 'COS_ACTIVE', fs: 'ext2' });
    await system.files.rename(TARGET, ACTIVE);
    await system.settle.sync([STATE]);
    expect(activeViews(machine)).toContain('garbage');
  });

  it('is garbage where an old name leads to an inode that is freed already', async () => {
    const { machine, system } = await writable();
    const passive = `${STATE}/cOS/passive.img`;
    await system.images.copy(ACTIVE, TARGET, effort);
    await system.settle.checkpoint(STATE);
    await system.files.rename(TARGET, passive);
    const views = bootViews(machine.cut('kept')).state.map((view) => firstOf(view.passive));
    expect(views).toContain('garbage');
  });

  it('is never garbage at any moment of a replacement in the measured order', async () => {
    const { machine, system } = await writable();
    await system.images.copy(ACTIVE, TARGET, effort);
    await system.settle.sync([STATE]);
    const seen = new Set<string>();
    machine.onMoment = (_what, now) => {
      for (const view of activeViews(now)) seen.add(view);
    };
    const doomed = `${STATE}/cOS/doomed.img`;
    await replace(system, { name: ACTIVE, by: TARGET, doomed, at: STATE });
    expect([...seen]).toEqual(['COS_ACTIVE']);
  });
});

describe('a checkpoint', () => {
  it('is refused while the log holds a descriptor', async () => {
    const { machine, system } = await writable();
    const store = new SimulatedEventStore(machine, STATE, 'append');
    await store.begin('upgrade', 'one');
    await expect(system.settle.checkpoint(STATE)).rejects.toMatchObject({ code: 'mount-busy' });
    await store.release();
    await expect(system.settle.checkpoint(STATE)).resolves.toBeUndefined();
  });

  it('that is killed half-way leaves the file system read-only and nothing worse', async () => {
    const { machine, system } = await writable();
    const modes = new Set<string>();
    machine.onMoment = (_what, now) => modes.add(now.kill().disk('state').mode);
    await system.settle.checkpoint(STATE);
    expect([...modes].sort()).toEqual(['ro', 'rw']);
  });
});

describe('the event log of a simulated machine', () => {
  const logged = async () => {
    const { machine, system } = await writable();
    const store = new SimulatedEventStore(machine, STATE, 'append');
    const { segment } = await store.begin('upgrade', 'one');
    return { machine, system, store, segment };
  };
  const interrupted = { type: 'operation.interrupted', reason: 'test' } as const;

  it('keeps every resolved append over a cut', async () => {
    const { machine, store, segment } = await logged();
    await store.append(interrupted);
    const after = new SimulatedEventStore(rebooted(machine).machine, STATE, 'read');
    const types = (await after.read(segment)).map(({ event }) => event.type);
    expect(types).toEqual(['chain.started', 'operation.interrupted']);
  });

  it('loses an append that a cut tore, and records the repair', async () => {
    const { machine, store, segment } = await logged();
    let torn: SimulatedMachine | undefined;
    machine.onMoment = (what, now) => {
      if (what.endsWith('not yet durable')) torn = boot(now.cut('torn'));
    };
    await store.append(interrupted);
    if (torn === undefined) throw new Error('no such moment');
    await simulatedSystem(torn).mounts.remount(STATE, 'rw');
    const after = new SimulatedEventStore(torn, STATE, 'append');
    await after.continue(segment);
    const types = (await after.read(segment)).map(({ event }) => event.type);
    expect(types).toEqual(['chain.started', 'log.repaired']);
  });

  it('cannot be written on a read-only file system', async () => {
    const store = new SimulatedEventStore(machineOf(), STATE, 'append');
    await expect(store.begin('upgrade', 'one')).rejects.toMatchObject({ code: 'read-only' });
  });
});

describe('the simulated boot loader', () => {
  it('falls back to passive, then to recovery', () => {
    const from = (slots: Parameters<typeof newMachine>[0]['slots']) =>
      newMachine({ slots }).facts.commandLine.split(' ')[1];
    expect(from({ active: 'a', passive: 'p', recovery: 'r' })).toMatch('active.img');
    expect(from({ passive: 'p', recovery: 'r' })).toMatch('passive.img');
    expect(from({ recovery: 'r' })).toMatch('recovery.img');
  });

  it('follows the saved entry', () => {
    const slots = { active: 'a', passive: 'p', recovery: 'r' };
    const machine = newMachine({ slots, bootVariables: { saved_entry: 'fallback' } });
    expect(machine.facts.commandLine).toMatch('passive.img');
  });
});

it('a full disk stops a copy half-way', async () => {
  const tight = newMachine({ slots: { active: 'one' }, stateBytes: 400 * 2 ** 20 });
  const { system } = await writable(tight);
  await expect(system.images.copy(ACTIVE, TARGET, effort)).rejects.toMatchObject({
    code: 'no-space',
  });
});
