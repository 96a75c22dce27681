import { describe, expect, it } from 'vitest';
import { examine } from '../../../src/engine/examine.ts';
import { treat } from '../../../src/engine/treat.ts';
import { diagnosis, type Finding } from '../../../src/inspect/diagnosis.ts';
import type { System } from '../../../src/system/port.ts';
import type { SimulatedMachine } from '../../../src/system/simulated/machine.ts';
import { newMachine, type NewMachine } from '../../../src/system/simulated/new-machine.ts';
import { sourceOf } from '../../../src/system/simulated/sources.ts';
import { simulatedSystem } from '../../../src/system/simulated/system.ts';
import {
  deploy,
  machineryOf,
  reset,
  rollback,
  upgrade,
  wishFor,
} from '../../support/simulated/commands.ts';

const STATE = '/run/initramfs/cos-state';
const FULL = { active: 'one', passive: 'zero', recovery: 'rescue' } as const;

const machineWith = (more: Partial<NewMachine> = {}): SimulatedMachine =>
  newMachine({ slots: FULL, sources: { '/new': sourceOf('two') }, ...more });

async function findings(
  machine: SimulatedMachine,
  depth: 'names' | 'content' = 'names',
): Promise<readonly Finding[]> {
  return diagnosis(await examine(machineryOf(machine), depth, new AbortController().signal));
}

const codes = async (machine: SimulatedMachine): Promise<readonly string[]> =>
  (await findings(machine)).map(({ code }) => code);

/** What somebody else does to the machine. */
async function changed(
  machine: SimulatedMachine,
  change: (system: System) => Promise<unknown>,
): Promise<SimulatedMachine> {
  const system = simulatedSystem(machine);
  await system.mounts.remount(STATE, 'rw');
  await change(system);
  await system.mounts.remount(STATE, 'ro');
  return machine;
}

describe('a machine that is as its log says', () => {
  it.each([
    ['was never touched', async () => undefined],
    ['was upgraded', (machine: SimulatedMachine) => upgrade(machine, wishFor('/new'))],
    ['went back', rollback],
  ])('has no findings when it %s', async (_, work) => {
    const machine = machineWith();
    await work(machine);
    expect(await findings(machine, 'content')).toEqual([]);
  });

  it('has none after a reset and a deployment in recovery either', async () => {
    const machine = machineWith({ bootVariables: { saved_entry: 'recovery' } });
    await reset(machine, wishFor('/new'));
    expect(await codes(machine)).toEqual([]);
    await deploy(machine, wishFor('/new', { again: 'yes' }));
    expect(await codes(machine)).toEqual([]);
  });

  it('is looked at without its lock, which somebody may want at that moment', async () => {
    const machinery = machineryOf(machineWith());
    const state = { ...machinery.state, lock: () => Promise.reject(new Error('was taken')) };
    const seen = await examine({ ...machinery, state }, 'content', new AbortController().signal);
    expect(diagnosis(seen)).toEqual([]);
  });

  it('is not changed by being looked at', async () => {
    const machine = machineWith();
    await upgrade(machine, wishFor('/new'));
    const before = [machine.disk('state').tree, machine.disk('recovery').tree, machine.mounts];
    await findings(machine, 'content');
    expect([machine.disk('state').tree, machine.disk('recovery').tree, machine.mounts]).toEqual(
      before,
    );
  });
});

describe('the doctor finds', () => {
  it.each<[string, Partial<NewMachine>, string]>([
    ['a missing passive image', { slots: { active: 'one', recovery: 'r' } }, 'slot-missing'],
    ['an entry no menu has', { bootVariables: { saved_entry: 'windows' } }, 'entry-unknown'],
    ['too little room', { stateBytes: 700 * 2 ** 20 }, 'no-room'],
  ])('%s', async (_, declared, code) => {
    expect(await codes(machineWith(declared))).toContain(code);
  });

  it('an image that something else put there, and since when', async () => {
    const machine = machineWith();
    await upgrade(machine, wishFor('/new'));
    await changed(machine, async ({ images, files }) => {
      const signal = new AbortController().signal;
      await images.copy(`${STATE}/cOS/active.img`, `${STATE}/cOS/other`, { signal });
      await files.rename(`${STATE}/cOS/other`, `${STATE}/cOS/active.img`);
    });
    const [finding] = await findings(machine);
    expect(finding).toMatchObject({ code: 'slot-changed-outside', severity: 'warning' });
    expect(finding?.why).toMatch(/since upgrade sim\d+$/);
  });

  it('a label that the menu does not ask for', async () => {
    const machine = await changed(machineWith(), ({ images }) =>
      images.relabel(`${STATE}/cOS/active.img`, 'MY_ACTIVE'),
    );
    expect(await codes(machine)).toEqual(['label-differs']);
  });

  it('an unfinished operation, and whether there is a way back', async () => {
    const machine = machineWith();
    let dead: SimulatedMachine | undefined;
    machine.onMoment = (what, now) => {
      if (what.startsWith('append step.started deploy-image: durable')) dead ??= now.kill();
    };
    await upgrade(machine, wishFor('/new'));
    const found = await findings(dead ?? machine);
    expect(found[0]).toMatchObject({
      code: 'operation-owed',
      fix: {
        by: 'hand',
        says: '"slotwright resume" goes on with it, "slotwright abort" undoes it',
      },
    });
    expect(found.map(({ code }) => code)).toContain('left-writable');
  });

  it('an image that something uses although the machine does not run from it, and by what', async () => {
    const machine = machineWith();
    const { mounts } = simulatedSystem(machine);
    const source = `${STATE}/cOS/passive.img`;
    await mounts.mount({ kind: 'image', source, at: '/mnt/old', mode: 'ro' });
    const found = await findings(machine);
    expect(found).toMatchObject([{ code: 'image-in-use', severity: 'info' }]);
    expect(found[0]?.why).toContain('/dev/loop');
  });

  it('a mount where operations mount, and who keeps it', async () => {
    const machine = machineWith();
    const { mounts, files } = simulatedSystem(machine);
    await files.makeDirectory('/run/cos/workspace', 0o755);
    const bind = { kind: 'bind', source: '/run', mode: 'ro' } as const;
    await mounts.mount({ ...bind, at: '/run/cos/workspace' });
    await mounts.mount({ ...bind, at: '/run/cos/workspace/below' });
    const [finding] = await findings(machine);
    expect(finding).toMatchObject({ code: 'mount-in-the-way' });
    expect(finding?.why).toMatch(/and a mount at \/run\/cos\/workspace\/below uses it$/);
  });

  it('who holds the lock, and then calls nothing a leftover', async () => {
    const machine = machineWith();
    machine.locks.add('state');
    const found = await findings(machine);
    expect(found).toMatchObject([{ code: 'locked' }]);
    await expect(treat(machineryOf(machine))).rejects.toMatchObject({ code: 'locked' });
  });

  it('a log that cannot be read, and looks at everything else all the same', async () => {
    const machine = machineWith({ slots: { active: 'one', recovery: 'rescue' } });
    const machinery = machineryOf(machine);
    const damaged = new (await import('../../../src/errors.ts')).LogCorruptError({
      code: 'log-damaged',
      message: 'the event log is damaged: segment x, line 3',
      exit: 93,
    });
    const state = { ...machinery.state, open: () => Promise.reject(damaged) };
    const seen = await examine({ ...machinery, state }, 'names', new AbortController().signal);
    expect(diagnosis(seen).map(({ code }) => code)).toEqual(['log-damaged', 'slot-missing']);
  });
});

describe('the doctor repairs', () => {
  it('removes what abandoned operations left, and nothing else', async () => {
    const machine = await changed(machineWith(), async ({ files }) => {
      await files.writeText(`${STATE}/cOS/transition.abc.1.img`, 'x', 0o600);
      await files.writeText(`${STATE}/cOS/mine.img`, 'x', 0o600);
      await files.writeText(`${STATE}/cOS/retired.abc.img`, 'x', 0o600);
    });
    expect(await codes(machine)).toEqual(['file-left-over', 'image-kept']);
    expect(await treat(machineryOf(machine))).toEqual([
      `removed ${STATE}/cOS/transition.abc.1.img`,
    ]);
    expect(await codes(machine)).toEqual(['image-kept']);
    expect(await simulatedSystem(machine).files.list(`${STATE}/cOS`)).toContain('mine.img');
  });

  it('gives back what a killed process left writable', async () => {
    const machine = machineWith();
    let dead: SimulatedMachine | undefined;
    machine.onMoment = (what, now) => {
      if (what.startsWith('append operation.completed : durable')) dead = now.kill();
      if (what === 'append operation.completed: durable') dead = now.kill();
    };
    await upgrade(machine, wishFor('/new'));
    if (dead === undefined) throw new Error('never completed');
    expect(await codes(dead)).toEqual(['left-writable']);
    await treat(machineryOf(dead));
    expect(await codes(dead)).toEqual([]);
  });

  it('leaves the files of an unfinished operation alone', async () => {
    const machine = machineWith();
    let dead: SimulatedMachine | undefined;
    machine.onMoment = (what, now) => {
      if (what.startsWith('append step.completed deploy-image: durable')) dead ??= now.kill();
    };
    await upgrade(machine, wishFor('/new'));
    if (dead === undefined) throw new Error('never deployed');
    const before = await simulatedSystem(dead).files.list(`${STATE}/cOS`);
    await treat(machineryOf(dead));
    expect(await simulatedSystem(dead).files.list(`${STATE}/cOS`)).toEqual(before);
    expect(await codes(dead)).toEqual(['operation-owed']);
  });
});
