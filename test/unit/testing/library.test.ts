import { describe, expect, it } from 'vitest';
import {
  aborted,
  begun,
  crashPoints,
  done,
  failed,
  given,
  interrupted,
  machine,
  sourceOf,
} from '../../../src/testing/index.ts';
import '../../../src/testing/vitest.ts';
import { simulatedSystem } from '../../../src/system/simulated/system.ts';

const HOOK = {
  stage: 'after-upgrade-chroot',
  source: '/oem/install.yaml',
  step: 'install vim',
  writes: { '/usr/bin/vim': 'vim' },
};

const box = () =>
  machine({
    slots: { active: '1', passive: '1', recovery: 'rescue' },
    files: { '/oem/install.yaml': 'stages: {}' },
    sources: { '/new': sourceOf('2') },
    hooks: [HOOK],
  });

describe('a machine in memory', () => {
  it('is upgraded, rebooted and rolled back as a real one', async () => {
    const one = box();
    expect(await one.upgrade('/new')).toMatchObject({ outcome: 'completed', exit: 0 });
    one.reboot();
    expect(await one.read('/etc/os-release')).toContain('VERSION=2');
    expect(await one.read('/usr/bin/vim')).toBe('vim');
    await one.rollback();
    one.reboot();
    expect(await one.read('/etc/os-release')).toContain('VERSION=1');
    await expect(one).toKeepTheLaws();
  });

  it('runs recovery where that is chosen, and is reset there', async () => {
    const one = machine({
      bootVariables: { saved_entry: 'recovery' },
      sources: { '/new': sourceOf('2') },
    });
    expect(await one.runs()).toBe('recovery');
    expect(await one.reset('/new')).toMatchObject({ outcome: 'completed' });
  });

  it('runs into a fault that it is given', async () => {
    const one = box().fault({ at: 5, kind: 'fail', when: 'before' });
    expect(await one.upgrade('/new')).toMatchObject({ outcome: 'rolled-back' });
    await expect(one).toKeepTheLaws();
    expect(await one.upgrade('/new')).toMatchObject({ outcome: 'completed' });
  });

  it('keeps every law wherever it is cut, and after it has carried on', async () => {
    let points = 0;
    for await (const point of crashPoints(box(), (one) => one.upgrade('/new'), { oneIn: 5 })) {
      points += 1;
      expect(point.machine, point.name).toBeDefined();
      if (point.machine === undefined) continue;
      await expect(point.machine).toKeepTheLaws();
      await point.machine.resume();
      await expect(point.machine).toKeepTheLaws();
    }
    expect(points).toBeGreaterThan(100);
  });

  it('is told to break a law when something does', async () => {
    const one = box();
    await one.upgrade('/new');
    const { files, settle } = simulatedSystem(one.simulated);
    await files.remove('/oem/install.yaml');
    await settle.sync(['/oem']);
    expect(await one.brokenLaws()).toEqual([
      'law 6: /oem/install.yaml changed, and no hook did that',
    ]);
    await expect(expect(one).toKeepTheLaws()).rejects.toThrow(/law 6/);
  });
});

describe('given a log', () => {
  const upgraded = async () => {
    const one = box();
    await one.upgrade('/new');
    return (await one.log()).operation('last');
  };

  it('says how an operation ended, and that it comes again', async () => {
    const operation = await upgraded();
    expect(operation).toEndIn('completed');
    expect(() => {
      expect(operation).toEndIn('rolled-back');
    }).toThrow('expected it to end in rolled-back: it ends in completed');
    await expect(operation).toComeAgain();
  });

  it('says what is owed at a record, and after what may happen there', async () => {
    const operation = await upgraded();
    const begin = operation.records.find(
      ({ event }) => event.type === 'step.started' && event.step === 'deploy-image',
    );
    const there = given(operation).until(begin?.seq ?? 0);
    expect(there).toOwe('deploy-image');
    expect(there.when(done('deploy-image'))).toOwe('bind-volumes');
    expect(there.when(failed('deploy-image'))).toOwe('undo:mount-target');
    expect(there.when(interrupted(), aborted())).toOwe('undo:mount-target');
    const undone = there.when(
      failed('deploy-image'),
      begun('undo:mount-target'),
      done('undo:mount-target'),
    );
    expect(undone).toEndIn('rolled-back');
    undone.owes('nothing');
    expect(() => there.owes('set-active')).toThrow('it owes deploy-image, not set-active');
  });

  it('refuses what cannot happen there', async () => {
    const operation = await upgraded();
    expect(() => given(operation).until(3).when(done('set-active'))).toThrow(/is owed there/);
  });
});
