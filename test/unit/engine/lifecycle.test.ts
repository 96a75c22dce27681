import { describe, expect, it } from 'vitest';
import { factsNow } from '../../../src/proof/simulated-facts.ts';
import { booted, recovering, wishOf } from '../../support/simulated/stories.ts';
import { abort, resume, upgrade, wishFor } from '../../support/simulated/commands.ts';
import { foldOperation } from '../../../src/engine/fold.ts';
import { requestOf } from '../../../machines/upgrade-request.ts';
import { simulatedState } from '../../../src/system/simulated/state-access.ts';
import type { SimulatedMachine } from '../../../src/system/simulated/machine.ts';
import { sourceOf } from '../../../src/system/simulated/sources.ts';
import { boot } from '../../../src/system/simulated/cold-machine.ts';
import { simulatedSystem } from '../../../src/system/simulated/system.ts';
import { inodeAt, withInode, withoutName } from '../../../src/system/simulated/tree.ts';
import { done, fails, given, planWith, start } from '../../support/given.ts';

/** The machine as a kill at this moment of an upgrade leaves it. */
async function killedAt(moment: string): Promise<SimulatedMachine> {
  const machine = await booted.fromActive.begin();
  let killed: SimulatedMachine | undefined;
  machine.onMoment = (what) => {
    if (killed === undefined && what.startsWith(moment)) killed = machine.kill();
  };
  await upgrade(machine, wishFor('/new'));
  if (killed === undefined) throw new Error(`no moment is called "${moment}"`);
  return killed;
}

async function firstState(machine: SimulatedMachine) {
  const opened = await simulatedState(machine).open('/run/initramfs/cos-state', 'read');
  const [segment] = await opened.store.segments();
  return foldOperation(await opened.store.read(segment?.segment ?? ''));
}

describe('a resumed upgrade', () => {
  it('is undone when another tree lies at its source by then, and never installs that', async () => {
    const machine = await killedAt('append step.started deploy-image: durable');
    const sources = machine.surroundings.sources as Map<string, ReturnType<typeof sourceOf>>;
    sources.set('/new', sourceOf('another'));
    const outcome = await resume(machine);
    expect(outcome).toMatchObject({ outcome: 'rolled-back', exit: 70 });
    expect(outcome.error?.code).toBe('source-changed');
  });

  it('can be aborted until the switch is made, and not after it', async () => {
    for (const step of ['retire-active', 'set-active']) {
      const early = await killedAt(`append step.started ${step}: durable`);
      expect(await abort(early)).toMatchObject({ outcome: 'rolled-back', exit: 0 });
    }
    const late = await killedAt('append step.completed set-active: durable');
    await expect(abort(late)).rejects.toMatchObject({ code: 'past-pivot', exit: 95 });
  });

  it('makes the image passive that ran before it, also when the machine runs from the older one by then', async () => {
    const killed = await killedAt('append step.completed set-active: durable');
    await simulatedSystem(killed).boot.writeEnvironment('/oem/grubenv', {
      saved_entry: 'fallback',
    });
    const machine = boot(killed.shutDown());
    if (machine === undefined) throw new Error('nothing boots');
    const { images } = factsNow(machine);
    const [kept] = Object.keys(images).filter((name) => name.startsWith('retired.'));
    expect(await resume(machine)).toMatchObject({ outcome: 'completed' });
    expect(factsNow(machine).images['passive.img']).toMatchObject({
      content: images[kept ?? '']?.content,
      label: 'COS_PASSIVE',
    });
  });

  it('thaws what was frozen when the process was killed, and ends well', async () => {
    const machine = await killedAt('append step.started set-active: durable');
    machine.disk('state').freeze = 'frozen';
    expect(await resume(machine)).toMatchObject({ outcome: 'completed' });
    expect(factsNow(machine).held).toEqual([]);
  });

  it('stops for attention when its new image is gone, and claims nothing', async () => {
    const machine = await killedAt('append step.started set-active: durable');
    const state = machine.disk('state');
    const name = [...state.tree.names.keys()].find((path) => path.includes('/transition.'));
    state.mode = 'rw';
    state.change(withoutName(state.tree, name ?? '', state.held));
    const before = factsNow(machine).images['active.img'];
    const outcome = await resume(machine);
    expect(outcome).toMatchObject({ outcome: 'attention', error: { code: 'target-vanished' } });
    expect(factsNow(machine).images['active.img']).toEqual(before);
  });
});

describe('an upgrade', () => {
  it('counts what runs as good from its first record on, before the log knows of that boot', async () => {
    const machine = await booted.fromActive.begin();
    const running = machine.facts.runningImage?.split(':').at(-1);
    await upgrade(machine, wishFor('/new'));
    const state = await firstState(machine);
    expect(requestOf(state?.started ?? { request: null }).confirmed).toContain(running);
    expect(state?.started.inventory.running).toBe(running);
  });
});

describe('the same upgrade again', () => {
  it('is carried out when somebody has put something else of that size in place of its image', async () => {
    const machine = await booted.fromActive.begin();
    await upgrade(machine, wishFor('/new'));
    expect(await upgrade(machine, wishFor('/new'))).toMatchObject({ outcome: 'already-installed' });
    const state = machine.disk('state');
    const image = inodeAt(state.tree, '/cOS/active.img');
    if (image?.kind !== 'image') throw new Error('there is no active image');
    state.mode = 'rw';
    const ino = state.tree.names.get('/cOS/active.img') ?? 0;
    state.change(withInode(state.tree, ino, { ...image, contents: new Map([['/other', '']]) }));
    state.mode = 'ro';
    expect(await upgrade(machine, wishFor('/new'))).toMatchObject({ outcome: 'completed' });
  });
});

describe('an upgrade that was started in recovery', () => {
  it('never keeps an untested active image, although its inode number is that of the running recovery image', async () => {
    const machine = await booted.fromRecovery.begin();
    const before = factsNow(machine).images;
    expect(before['active.img']?.id).toBe(before['recovery.img']?.id);
    await upgrade(machine, wishFor('/new'));
    expect(factsNow(machine).images['passive.img']?.content).toBe(before['passive.img']?.content);
  });
});

describe('an upgrade of the recovery system', () => {
  it('changes neither slot, and is not made twice', async () => {
    const machine = await recovering.fromActive.begin();
    const before = factsNow(machine).images;
    const wish = wishOf(recovering.fromActive);
    expect(await upgrade(machine, wish)).toMatchObject({ outcome: 'completed' });
    const after = factsNow(machine).images;
    expect(after['recovery.img']?.content).not.toBe(before['recovery.img']?.content);
    for (const name of ['active.img', 'passive.img']) expect(after[name]).toEqual(before[name]);
    expect(await upgrade(machine, wish)).toMatchObject({ outcome: 'already-installed' });
  });
});

describe('a step that fails again and again', () => {
  it('stays owed without being given up: only deaths count against it', () => {
    const plan = planWith({ name: 'pivot' }, { name: 'tidy' });
    const pivoted = given(plan).when(start('pivot'), done('pivot'));
    const tried = [1, 2, 3, 4].reduce(
      (before) => before.when(start('tidy'), fails('tidy')),
      pivoted,
    );
    expect(tried.owes).toBe('tidy');
    expect(tried.context.attempts['tidy']).toBeUndefined();
  });
});
