/** The same request after a cut: what it goes on with, what it turns back, and what it then does. */
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../../src/exit-codes.ts';
import type { Outcome } from '../../../src/engine/machinery.ts';
import type { ResetWish } from '../../../src/engine/reset.ts';
import { factsNow } from '../../../src/proof/simulated-facts.ts';
import { boot } from '../../../src/system/simulated/cold-machine.ts';
import type { SimulatedMachine } from '../../../src/system/simulated/machine.ts';
import { newMachine } from '../../../src/system/simulated/new-machine.ts';
import { sourceOf } from '../../../src/system/simulated/sources.ts';
import {
  abort,
  deploy,
  reset,
  resume,
  rollback,
  upgrade,
  wishFor,
} from '../../support/simulated/commands.ts';

const SLOTS = { active: 'one', passive: 'zero', recovery: 'rescue' } as const;
const SOURCES = { '/new': sourceOf('two') };
const HOOK = { '/oem/hook.yaml': 'stages: {}', '/usr/local/data': 'of the user' };

const inRecovery = (): SimulatedMachine =>
  newMachine({
    slots: SLOTS,
    sources: SOURCES,
    files: HOOK,
    bootVariables: { saved_entry: 'recovery' },
  });
/** Recovery was asked for once: after a cut it comes up in active. */
const onceInRecovery = (): SimulatedMachine =>
  newMachine({
    slots: SLOTS,
    sources: SOURCES,
    files: HOOK,
    bootVariables: { next_entry: 'recovery' },
  });
const inActive = (): SimulatedMachine => newMachine({ slots: SLOTS, sources: SOURCES });

describe('a reset that erases the hook files it was asked with', () => {
  it('is the same request when it is asked again after a cut', async () => {
    const erase: ResetWish['erase'] = ['oem', 'persistent'];
    const ask = (machine: SimulatedMachine) => reset(machine, wishFor('/new'), { erase });
    const dead = await killedAt(inRecovery(), 'append step.started mount-target', ask);
    const outcome = await ask(dead);
    expect(outcome).toMatchObject({ outcome: 'completed', resumed: true, exit: EXIT.ok });
    expect(factsNow(dead).log).toHaveLength(1);
  });

  it('is another request when a hook file changed that stays', async () => {
    const ask = (machine: SimulatedMachine) =>
      reset(machine, wishFor('/new', { extraPaths: ['/oem'] }), { erase: ['persistent'] });
    const dead = await killedAt(inRecovery(), 'append step.started mount-target', ask);
    dead.disk('oem').change(withText(dead, '/hook.yaml'));
    await expect(ask(dead)).rejects.toMatchObject({ code: 'unfinished', exit: EXIT.unfinished });
  });
});

describe('a switch that was begun and not made', () => {
  it.each(['append step.started set-active: durable', 'link .*doomed', 'linked .*doomed'])(
    'turns a reset back where the machine comes up in active, cut at "%s"',
    async (moment) => {
      const machine = onceInRecovery();
      const before = factsNow(machine);
      const cold = await cutAt(machine, moment, (asked) => reset(asked, wishFor('/new')));
      expect(cold.facts.commandLine).toContain('active.img');
      expect(await resume(cold)).toMatchObject({ outcome: 'rolled-back', exit: EXIT.ok });
      const { images, names } = factsNow(cold);
      expect(images).toEqual(before.images);
      expect(names).toEqual(before.names);
    },
  );

  it('is finished where the machine comes up in the image that it made active', async () => {
    const cold = await cutAt(onceInRecovery(), 'renamed .*active.img', (asked) =>
      reset(asked, wishFor('/new')),
    );
    expect(await resume(cold)).toMatchObject({ outcome: 'completed' });
    const { images } = factsNow(cold);
    expect(images['passive.img']?.content).toBe(images['active.img']?.content);
  });

  it('can be aborted in an upgrade, which leaves both images as they were', async () => {
    const machine = inActive();
    const before = factsNow(machine);
    const dead = await killedAt(machine, 'linked .*doomed', (asked) =>
      upgrade(asked, wishFor('/new')),
    );
    expect(await abort(dead)).toMatchObject({ outcome: 'rolled-back', exit: EXIT.ok });
    expect(factsNow(dead).images).toEqual(before.images);
    expect(factsNow(dead).names).toEqual(before.names);
  });

  it('cannot be aborted once the new image has its name', async () => {
    const dead = await killedAt(inActive(), 'renamed .*active.img', (asked) =>
      upgrade(asked, wishFor('/new')),
    );
    await expect(abort(dead)).rejects.toMatchObject({ code: 'past-pivot' });
  });
});

describe('a request whose operation is being undone is done when the undo is', () => {
  const ASKS: Readonly<Record<string, readonly [() => SimulatedMachine, Ask]>> = {
    reset: [inRecovery, (machine) => reset(machine, wishFor('/new'))],
    upgrade: [inActive, (machine) => upgrade(machine, wishFor('/new'))],
    deploy: [inActive, (machine) => deploy(machine, wishFor('/new', { again: 'yes' }))],
    rollback: [inActive, rollback],
  };

  it.each(Object.entries(ASKS))('%s', async (name, [begin, ask]) => {
    const last = name === 'rollback' ? 'copy-passive' : 'unmount-target';
    const dead = await killedAt(begin(), `append step.completed ${last}: durable`, ask);
    const turning = await killedAt(dead, 'append step.started .*', abort);
    const outcome = await ask(turning);
    expect(outcome).toMatchObject({ operation: name, outcome: 'completed', exit: EXIT.ok });
    expect(factsNow(turning).log).toHaveLength(2);
    expect(await resume(turning)).toMatchObject({ outcome: 'nothing-to-do' });
  });
});

type Ask = (machine: SimulatedMachine) => Promise<Outcome>;

/** The machine after the tool was killed at the first moment that is called like this. */
async function killedAt(
  machine: SimulatedMachine,
  moment: string,
  ask: Ask,
): Promise<SimulatedMachine> {
  let dead: SimulatedMachine | undefined;
  machine.onMoment = (what, now) => {
    if (new RegExp(`^${moment}`).test(what)) dead ??= now.kill();
  };
  await ask(machine);
  if (dead === undefined) throw new Error(`there was no moment "${moment}"`);
  return dead;
}

/** The machine that comes up after the power was cut there. */
async function cutAt(
  machine: SimulatedMachine,
  moment: string,
  ask: Ask,
): Promise<SimulatedMachine> {
  let next: SimulatedMachine | undefined;
  machine.onMoment = (what, now) => {
    if (new RegExp(`^${moment}`).test(what)) next ??= boot(now.cut('kept'));
  };
  await ask(machine);
  if (next === undefined) throw new Error(`nothing came up after "${moment}"`);
  return next;
}

/** The file with another text. */
function withText(machine: SimulatedMachine, path: string) {
  const { tree } = machine.disk('oem');
  const ino = tree.names.get(path) ?? 0;
  return {
    ...tree,
    inodes: new Map(tree.inodes).set(ino, { kind: 'text', text: 'stages: {boot: []}' }),
  };
}
