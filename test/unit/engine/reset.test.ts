/** What a reset refuses, gives up and removes; that it keeps the laws wherever it is cut is shown in test/crash/model.test.ts. */
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../../src/exit-codes.ts';
import { factsNow } from '../../../src/proof/simulated-facts.ts';
import { newMachine, type NewMachine } from '../../../src/system/simulated/new-machine.ts';
import { sourceOf } from '../../../src/system/simulated/sources.ts';
import { simulatedSystem } from '../../../src/system/simulated/system.ts';
import type { SimulatedMachine } from '../../../src/system/simulated/machine.ts';
import { deploy, reset, resume, upgrade, wishFor } from '../../support/simulated/commands.ts';
import { ask, deploying, resetting, type Story } from '../../support/simulated/stories.ts';

const STATE = '/run/cos/state';
const IMAGES = `${STATE}/cOS`;
const RECOVERY = '/run/initramfs/cos-state';
const effort = { signal: new AbortController().signal };

describe('a reset', () => {
  it.each([
    ['nothing', resetting.beside],
    ['passive', resetting.withoutPassive],
    ['both slots', resetting.withoutSlots],
  ] as const)('gives up %s, and no more than it must', async (giveUp, story) => {
    const machine = await done(story);
    expect(outputs(machine)['check-preconditions']).toMatchObject({ giveUp });
  });

  it('makes both slots of the new image, with their labels', async () => {
    const { images } = factsNow(await done(resetting.beside));
    expect(images['active.img']?.label).toBe('COS_ACTIVE');
    expect(images['passive.img']?.label).toBe('COS_PASSIVE');
    expect(images['passive.img']?.content).toBe(images['active.img']?.content);
  });

  it('tells state.yaml where both came from', async () => {
    const machine = await done(resetting.beside);
    const text = await onState(machine, 'state.yaml');
    expect(text?.match(/source: dir:\/\/\/new/g)).toHaveLength(2);
  });

  it('takes away what else is on COS_STATE, and leaves the log, the menu and what it needs', async () => {
    const machine = await resetting.newMenu.begin();
    const system = simulatedSystem(machine);
    await system.mounts.mount({ kind: 'device', source: '/dev/vda5', at: STATE, mode: 'rw' });
    await system.files.writeText(`${STATE}/grubcustom`, 'set default=mine\n', 0o644);
    await system.files.makeDirectory(`${STATE}/backup`, 0o755);
    await system.files.writeText(`${STATE}/backup/note`, 'mine', 0o644);
    await system.mounts.unmount(STATE);
    await ask(resetting.newMenu, machine);
    expect(await listState(machine)).toEqual([
      'cOS',
      'grub2',
      'grub_oem_env',
      'slotwright',
      'state.yaml',
    ]);
    expect(await onState(machine, 'grub2/grub.cfg')).not.toContain('grubcustom\n');
  });

  it('counts an image that keeps another name as room only when that name goes, too', async () => {
    const machine = inRecovery({ stateBytes: 1000 * 2 ** 20 });
    await whileMounted(machine, 'rw', () =>
      simulatedSystem(machine).files.link(`${IMAGES}/passive.img`, `${IMAGES}/retired.gone.img`),
    );
    expect(await reset(machine, wishFor('/new'))).toMatchObject({ outcome: 'completed' });
    expect(outputs(machine)['check-preconditions']).toMatchObject({
      giveUp: 'passive',
      goes: ['retired.gone.img', 'passive.img'],
    });
  });

  it('gives up what abandoned operations kept before it gives up a slot', async () => {
    const machine = inRecovery({ stateBytes: 1200 * 2 ** 20 });
    await whileMounted(machine, 'rw', async () => {
      const { files, images } = simulatedSystem(machine);
      await images.copy(`${IMAGES}/passive.img`, `${IMAGES}/retired.gone.img`, effort);
      await files.writeText(`${IMAGES}/transition.gone.1.img`, 'half of one', 0o600);
    });
    expect(await reset(machine, wishFor('/new'))).toMatchObject({ outcome: 'completed' });
    expect(outputs(machine)['check-preconditions']).toMatchObject({
      giveUp: 'leftovers',
      goes: ['retired.gone.img'],
    });
    expect(factsNow(machine).names.filter((name) => name.includes('gone'))).toEqual([]);
  });

  it('removes what an abandoned upgrade of the recovery system left on COS_RECOVERY', async () => {
    const machine = inRecovery({});
    const { files, mounts } = simulatedSystem(machine);
    await mounts.remount(RECOVERY, 'rw');
    await files.writeText(`${RECOVERY}/cOS/transition.gone.1.img`, 'half of one', 0o600);
    await mounts.remount(RECOVERY, 'ro');
    expect(await reset(machine, wishFor('/new'))).toMatchObject({ outcome: 'completed' });
    expect(await files.list(`${RECOVERY}/cOS`)).toEqual(['recovery.img']);
  });

  it('removes what is no image under the name of one, which stops everything else', async () => {
    const machine = inRecovery({});
    await whileMounted(machine, 'rw', async () => {
      const { files } = simulatedSystem(machine);
      await files.remove(`${IMAGES}/active.img`);
      await files.makeDirectory(`${IMAGES}/active.img`, 0o755);
      await files.writeText(`${IMAGES}/active.img/note`, 'of somebody', 0o644);
    });
    const { error, outcome } = await upgrade(machine, wishFor('/new'));
    expect(outcome).toBe('rolled-back');
    expect(error).toMatchObject({ code: 'slot-odd', exit: EXIT.unsupported });
    expect(error?.hint).toContain('reset');
    expect(await reset(machine, wishFor('/new'))).toMatchObject({ outcome: 'completed' });
    expect(factsNow(machine).images['active.img']?.condition).toBe('complete');
  });

  it('erases what a check of the file system had found, and keeps the place for the next one', async () => {
    const machine = inRecovery({
      files: { '/oem/lost+found/12': 'a secret', '/oem/settings': 'of the user' },
    });
    await reset(machine, wishFor('/new'), { erase: ['oem'] });
    const { files } = simulatedSystem(machine);
    expect(await files.list('/oem')).toEqual(['lost+found']);
    expect(await files.list('/oem/lost+found')).toEqual([]);
  });

  it('makes a file system anew that is to be erased and cannot be mounted, and leaves one that can', async () => {
    const machine = inRecovery({ damaged: ['persistent'], files: { '/oem/settings': 'mine' } });
    expect(await reset(machine, wishFor('/new'), { erase: ['persistent', 'oem'] })).toMatchObject({
      outcome: 'completed',
    });
    expect(outputs(machine)['format-volumes']).toMatchObject({ formatted: ['/dev/vda6'] });
    expect(machine.disk('persistent').facts).toMatchObject({ label: 'COS_PERSISTENT' });
    expect(factsNow(machine).userData['/oem/settings']).toBeUndefined();
  });

  it('leaves a file system that cannot be mounted as it is where nobody asked to erase it', async () => {
    const machine = inRecovery({ damaged: ['persistent'] });
    const { error, outcome } = await reset(machine, wishFor('/new'), { erase: ['oem'] });
    expect(outcome).toBe('rolled-back');
    expect(error).toMatchObject({ code: 'mount-persistent', exit: EXIT.mountPartitions });
    expect(machine.disk('persistent').facts.condition).toBe('damaged');
  });

  it('is refused when a partition is to be erased that is not there', async () => {
    const machine = inRecovery({});
    machine.removeDisk('persistent');
    const { error, outcome } = await reset(machine, wishFor('/new'), { erase: ['persistent'] });
    expect(outcome).toBe('rolled-back');
    expect(error).toMatchObject({ code: 'no-such-partition', exit: EXIT.mountPartitions });
  });

  it('keeps the boot menu where that of the image has no entries', async () => {
    const machine = inRecovery({
      menu: 'counts',
      sources: { '/empty-menu': sourceOf('two', { '/etc/cos/grub.cfg': '' }) },
    });
    const before = await onState(machine, 'grub2/grub.cfg');
    expect(await reset(machine, wishFor('/empty-menu'))).toMatchObject({ outcome: 'completed' });
    expect(await onState(machine, 'grub2/grub.cfg')).toBe(before);
  });

  it('leaves what its own hooks put on COS_STATE', async () => {
    const machine = inRecovery({
      files: { '/oem/assess.yaml': 'stages: {}' },
      hooks: [
        {
          stage: 'after-reset',
          source: '/oem/assess.yaml',
          step: 'switch boot assessment on',
          writes: { [`${STATE}/grubcustom`]: 'set timeout=3\n' },
        },
      ],
    });
    expect(await reset(machine, wishFor('/new'))).toMatchObject({ outcome: 'completed' });
    expect(await onState(machine, 'grubcustom')).toBe('set timeout=3\n');
  });

  it('is refused outside recovery, before anything is opened', async () => {
    const machine = newMachine({
      slots: { active: 'one', recovery: 'rescue' },
      sources: { '/new': sourceOf('two') },
    });
    await expect(reset(machine, wishFor('/new'))).rejects.toMatchObject({
      code: 'not-in-recovery',
      exit: EXIT.readCommandConfig,
    });
    expect(factsNow(machine).log).toEqual([]);
  });

  it('that fits nowhere says how much there would be, and gives nothing up', async () => {
    const machine = inRecovery({ stateBytes: 900 * 2 ** 20 });
    const { error, outcome } = await reset(machine, wishFor('/new'));
    expect(outcome).toBe('rolled-back');
    expect(error).toMatchObject({ code: 'no-space', exit: EXIT.noSpace });
    expect(Object.keys(factsNow(machine).images)).toEqual(
      expect.arrayContaining(['active.img', 'passive.img', 'recovery.img']),
    );
  });

  it('over an unfinished operation is refused, and done when it is forced', async () => {
    const machine = inRecovery({});
    let dead: SimulatedMachine | undefined;
    machine.onMoment = (what, now) => {
      if (what === 'append step.started publish-state: durable') dead ??= now.kill();
    };
    await upgrade(machine, wishFor('/new'));
    const next = dead ?? machine;
    await expect(reset(next, wishFor('/new'))).rejects.toMatchObject({ code: 'unfinished' });
    expect(await reset(next, wishFor('/new'), { over: 'everything' })).toMatchObject({
      outcome: 'completed',
    });
    expect(await resume(next)).toMatchObject({ outcome: 'nothing-to-do' });
    expect(factsNow(next).names).not.toContainEqual(expect.stringMatching(/retired|transition/));
  });
});

describe('a deployment', () => {
  it('is refused where there is a system, and asked again after it is done changes nothing', async () => {
    const busy = newMachine({
      slots: { active: 'one', recovery: 'rescue' },
      sources: { '/new': sourceOf('two') },
    });
    await expect(deploy(busy, wishFor('/new'))).rejects.toMatchObject({
      code: 'already-installed',
      exit: EXIT.alreadyInstalled,
    });
    const machine = await done(deploying.rescued);
    expect(await ask(deploying.rescued, machine)).toMatchObject({ outcome: 'already-installed' });
  });

  it('that is forced in recovery leaves it to law 2 what becomes of a system that is there', async () => {
    const machine = inRecovery({});
    const before = factsNow(machine).images['passive.img'];
    expect(await deploy(machine, wishFor('/new', { again: 'yes' }))).toMatchObject({
      outcome: 'completed',
    });
    expect(factsNow(machine).images['passive.img']).toEqual(before);
  });

  it('that two images do not fit into is refused while nothing is touched', async () => {
    const machine = newMachine({
      slots: { recovery: 'rescue' },
      sources: { '/new': sourceOf('two') },
      stateBytes: 700 * 2 ** 20,
    });
    const { outcome, error } = await deploy(machine, wishFor('/new'));
    expect(outcome).toBe('rolled-back');
    expect(error).toMatchObject({ code: 'no-space' });
  });

  it('keeps the running system as passive when it is forced over it', async () => {
    const machine = await deploying.forced.begin();
    const before = factsNow(machine).images['active.img']?.content;
    await ask(deploying.forced, machine);
    expect(factsNow(machine).images['passive.img']?.content).toBe(before);
  });
});

function inRecovery(more: Partial<NewMachine>): SimulatedMachine {
  return newMachine({
    slots: { active: 'one', passive: 'zero', recovery: 'rescue' },
    bootVariables: { saved_entry: 'recovery' },
    sources: { '/new': sourceOf('two') },
    ...more,
  });
}

async function done(story: Story): Promise<SimulatedMachine> {
  const machine = await story.begin();
  expect(await ask(story, machine)).toMatchObject({ outcome: 'completed' });
  return machine;
}

function outputs(machine: SimulatedMachine): Readonly<Record<string, unknown>> {
  const { log } = factsNow(machine);
  if ('damage' in log) throw new Error(log.damage);
  return Object.fromEntries(
    log
      .flat()
      .flatMap(({ event }) =>
        event.type === 'step.completed' ? [[event.step, event.output]] : [],
      ),
  );
}

async function whileMounted<T>(
  machine: SimulatedMachine,
  mode: 'ro' | 'rw',
  work: () => Promise<T>,
): Promise<T> {
  const { mounts } = simulatedSystem(machine);
  await mounts.mount({ kind: 'device', source: '/dev/vda5', at: STATE, mode });
  try {
    return await work();
  } finally {
    await mounts.unmount(STATE);
  }
}

function onState(machine: SimulatedMachine, name: string): Promise<string | undefined> {
  return whileMounted(machine, 'ro', () =>
    simulatedSystem(machine).files.readText(`${STATE}/${name}`),
  );
}

function listState(machine: SimulatedMachine): Promise<readonly string[]> {
  return whileMounted(machine, 'ro', () => simulatedSystem(machine).files.list(STATE));
}
