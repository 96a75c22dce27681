/** The life of an image on trial, on a simulated machine whose boot loader counts as the menu does. */
import { describe, expect, it } from 'vitest';
import { judgementOn } from '../../../machines/judgement.ts';
import { findDevice } from '../../../src/engine/device.ts';
import { judgeCut, judgeEnd } from '../../../src/proof/laws.ts';
import { factsNow, factsOf } from '../../../src/proof/simulated-facts.ts';
import { boot } from '../../../src/system/simulated/cold-machine.ts';
import { WELL } from '../../../src/system/simulated/health.ts';
import type { SimulatedMachine } from '../../../src/system/simulated/machine.ts';
import { newMachine, type NewMachine } from '../../../src/system/simulated/new-machine.ts';
import { sourceOf } from '../../../src/system/simulated/sources.ts';
import { simulatedSystem } from '../../../src/system/simulated/system.ts';
import { nextBoot } from '../../../src/inspect/next-boot.ts';
import { lifecycleServices } from '../../../src/lifecycle-services.ts';
import { simulatedClock } from '../../../src/system/simulated/clock.ts';
import { beforeOf } from '../../support/simulated/carry-on.ts';
import {
  abort,
  assess,
  machineryOf,
  resume,
  rollback,
  upgrade,
  wishFor,
} from '../../support/simulated/commands.ts';

const CONFIRMS = { '/etc/slotwright/confirm': '' };

function machineWith(more: Partial<NewMachine> = {}): SimulatedMachine {
  return newMachine({
    slots: { active: 'one', passive: 'zero', recovery: 'rescue' },
    menu: 'counts',
    sources: {
      '/new': sourceOf('two', CONFIRMS),
      '/newer': sourceOf('three', CONFIRMS),
      '/well': sourceOf('two', { ...CONFIRMS, '/etc/slotwright/health.d/10-net': WELL }),
      '/unwell': sourceOf('two', { ...CONFIRMS, '/etc/slotwright/health.d/10-net': 'no route' }),
      '/stock': sourceOf('stock'),
      '/elemental': sourceOf('stock', { '/system/oem/08_boot_assessment.yaml': '' }),
    },
    ...more,
  });
}

/** Ends this boot in order, and begins the next one. */
function reboot(machine: SimulatedMachine): SimulatedMachine {
  const next = boot(machine.shutDown());
  if (next === undefined) throw new Error('nothing boots');
  return next;
}

/** Boots that end before anything of the system runs: a kernel that panics. */
function panic(machine: SimulatedMachine, times: number): SimulatedMachine {
  let now = machine;
  for (let boots = 0; boots < times; boots += 1) {
    now = reboot(now);
    expect(now.facts.commandLine).toContain('active.img');
  }
  return now;
}

async function upgraded(source: string, more?: Partial<NewMachine>): Promise<SimulatedMachine> {
  const machine = machineWith(more);
  expect(await upgrade(machine, wishFor(source))).toMatchObject({ outcome: 'completed' });
  return machine;
}

const slot = (machine: SimulatedMachine): string =>
  /cOS\/(\w+)\.img/.exec(machine.facts.commandLine)?.[1] ?? '';

async function block(machine: SimulatedMachine) {
  const found = await findDevice(simulatedSystem(machine));
  return judgementOn(simulatedSystem(machine), {
    ...found,
    stateAt: '/run/initramfs/cos-state',
  });
}

const versions = (machine: SimulatedMachine) =>
  Object.fromEntries(
    Object.entries(factsNow(machine).images).map(([name, { content }]) => [name, content]),
  );

describe('an image on trial', () => {
  it('is confirmed by a boot that is well, and not counted any more', async () => {
    const machine = reboot(await upgraded('/well'));
    expect(machine.facts.commandLine).toContain('slotwright.trial=2');
    expect(await assess(machine)).toMatchObject({ operation: 'assess-boot', outcome: 'completed' });
    expect(await block(machine)).toEqual({});
    const next = reboot(machine);
    expect(next.facts.commandLine).not.toContain('slotwright.');
    expect(await assess(next)).toMatchObject({ outcome: 'nothing-to-do' });
  });

  it('is given up after three boots that say nothing; the next boot tells, once', async () => {
    const machine = reboot(panic(await upgraded('/new'), 3));
    expect(slot(machine)).toBe('passive');
    expect(machine.facts.commandLine).toContain('upgrade_failure slotwright.fell_back=tries');
    expect(await assess(machine)).toMatchObject({ outcome: 'completed' });
    const next = reboot(machine);
    expect(slot(next)).toBe('passive');
    expect(next.facts.commandLine).toContain('slotwright.fell_back=condemned');
    expect(await assess(next)).toMatchObject({ outcome: 'nothing-to-do' });
  });

  it('that is unwell costs a try each boot, says what is wrong, and is given up', async () => {
    let machine = await upgraded('/unwell');
    for (const left of [2, 1, 0]) {
      machine = reboot(machine);
      const { outcome, exit, error } = await assess(machine);
      expect({ outcome, exit }).toEqual({ outcome: 'rolled-back', exit: 99 });
      expect(error).toMatchObject({ reason: 'no route' });
      expect((await block(machine)).triesLeft).toBe(left);
    }
    machine = reboot(machine);
    expect(slot(machine)).toBe('passive');
    expect(await assess(machine)).toMatchObject({ outcome: 'completed' });
  });

  it('keeps the image before it: another upgrade is refused, and forced it replaces active alone', async () => {
    const machine = reboot(await upgraded('/new'));
    const before = versions(machine);
    await expect(upgrade(machine, wishFor('/newer'))).rejects.toMatchObject({ code: 'on-trial' });
    expect(versions(machine)).toEqual(before);
    expect(await upgrade(machine, wishFor('/newer', { again: 'yes' }))).toMatchObject({
      outcome: 'completed',
    });
    expect(versions(machine)['passive.img']).toBe(before['passive.img']);
    expect(versions(machine)['active.img']).not.toBe(before['active.img']);
  });

  it('may be confirmed by hand, whatever its health', async () => {
    const machine = reboot(await upgraded('/unwell'));
    expect(await assess(machine, { by: 'hand' })).toMatchObject({ outcome: 'completed' });
    expect(await block(machine)).toEqual({});
  });

  it('gets its try back when somebody starts another system from the menu', async () => {
    const machine = await upgraded('/new');
    const cold = machine.shutDown();
    // The menu counts before anybody can choose.
    const chosen = boot(cold);
    if (chosen === undefined) throw new Error('nothing boots');
    const { commandLine } = chosen.facts;
    const passive = commandLine.replace('active.img', 'passive.img').replace('.trial', '.counted');
    const facts = { ...chosen.facts, commandLine: passive };
    Object.assign(chosen, { facts });
    expect((await block(chosen)).triesLeft).toBe(2);
    expect(await assess(chosen)).toMatchObject({ outcome: 'completed' });
    expect((await block(chosen)).triesLeft).toBe(3);
    expect(await assess(chosen)).toMatchObject({ outcome: 'nothing-to-do' });
    expect((await block(chosen)).triesLeft).toBe(3);
  });

  it('is not counted when another entry is asked for once', async () => {
    const machine = await upgraded('/new', { bootVariables: { next_entry: 'fallback' } });
    expect((await block(machine)).triesLeft).toBe(3);
  });
});

describe('an image that failed', () => {
  async function failed(): Promise<SimulatedMachine> {
    const machine = reboot(panic(await upgraded('/new'), 3));
    await assess(machine);
    return machine;
  }

  it('is refused with a code of its own, and taken when it is forced', async () => {
    const machine = await failed();
    await expect(upgrade(machine, wishFor('/new'))).rejects.toMatchObject({
      code: 'image-condemned',
      exit: 96,
    });
    expect(await upgrade(machine, wishFor('/new', { again: 'yes' }))).toMatchObject({
      outcome: 'completed',
    });
    expect(slot(reboot(machine))).toBe('active');
  });

  it('gives its name to another image, which is judged anew; the running passive stays', async () => {
    const machine = await failed();
    const { 'passive.img': passive } = versions(machine);
    expect(await upgrade(machine, wishFor('/newer'))).toMatchObject({ outcome: 'completed' });
    expect(versions(machine)['passive.img']).toBe(passive);
    const next = reboot(machine);
    expect(next.facts.commandLine).toContain('slotwright.trial=2');
  });

  it('is replaced by a rollback, which nobody judges', async () => {
    const machine = await failed();
    expect(await rollback(machine)).toMatchObject({ outcome: 'completed' });
    expect(await block(machine)).toEqual({});
    expect(reboot(machine).facts.commandLine).toMatch(/active\.img panic=5$/);
  });

  it('never boots by itself again, wherever an upgrade to another image is cut', async () => {
    const machine = await failed();
    const bad = versions(machine)['active.img'];
    const booted: string[] = [];
    machine.onMoment = (what, now) => {
      for (const data of ['lost', 'kept', 'torn'] as const) {
        const next = boot(now.cut(data));
        const active = next === undefined ? undefined : versions(next)['active.img'];
        if (next === undefined) booted.push(`${what}: nothing boots`);
        else if (slot(next) === 'active' && active === bad) booted.push(what);
      }
    };
    await upgrade(machine, wishFor('/newer'));
    expect(booted).toEqual([]);
  });
});

describe('the counter', () => {
  it('means the new image alone: until the switch, boots of the old one are not counted', async () => {
    const machine = machineWith();
    const counted: string[] = [];
    const old = versions(machine)['active.img'];
    machine.onMoment = (what, now) => {
      const next = boot(now.cut('kept'));
      if (next === undefined || versions(next)['active.img'] !== old) return;
      if (next.facts.commandLine.includes('slotwright.')) counted.push(what);
    };
    await upgrade(machine, wishFor('/new'));
    expect(counted).toEqual([]);
  });

  it('is there from the first boot of the new image on, wherever the switch is cut', async () => {
    const machine = machineWith();
    const old = versions(machine)['active.img'];
    const silent: string[] = [];
    machine.onMoment = (what, now) => {
      const next = boot(now.cut('lost'));
      if (next === undefined || versions(next)['active.img'] === old) return;
      if (!next.facts.commandLine.includes('slotwright.trial=2')) silent.push(what);
    };
    await upgrade(machine, wishFor('/new'));
    expect(silent).toEqual([]);
  });

  it('is put into the file that a menu of another kind reads last, once', async () => {
    const machine = await upgraded('/new', { menu: 'reads grubcustom' });
    const { files } = simulatedSystem(machine);
    const custom = '/run/initramfs/cos-state/grubcustom';
    const first = await files.readText(custom);
    expect(first?.match(/begin of the part/g)).toHaveLength(1);
    await assess(reboot(machine));
    await upgrade(machine, wishFor('/newer', { again: 'yes' }));
    expect(await files.readText(custom)).toBe(first);
  });

  it.each([
    ['/stock', 'none'],
    ['/elemental', 'elemental'],
  ])('is left alone for %s: judge %s', async (source, judge) => {
    const machine = await upgraded(source);
    expect(await block(machine)).toEqual({});
    const { log } = factsNow(machine);
    const armed = 'damage' in log ? [] : log.flat().map(({ event }) => event);
    expect(armed).toContainEqual(
      expect.objectContaining({ output: expect.objectContaining({ judge }) as unknown }),
    );
  });

  it('is left alone where there is no menu that could count', async () => {
    const machine = machineWith();
    const bare = newMachine({
      slots: { active: 'one', passive: 'zero', recovery: 'rescue' },
      sources: { '/new': sourceOf('two', CONFIRMS) },
    });
    await upgrade(bare, wishFor('/new'));
    expect(await block(bare)).toEqual({});
    expect(slot(machine)).toBe('active');
  });

  it('is put back as it was when the upgrade is undone', async () => {
    const machine = machineWith();
    machine.onMoment = (what) => {
      if (what.startsWith('append step.started retire-active')) throw new Error('cut short');
    };
    await upgrade(machine, wishFor('/new')).catch(() => undefined);
    const dead = machine.kill();
    expect((await block(dead)).triesLeft).toBe(3);
    expect(await abort(dead)).toMatchObject({ outcome: 'rolled-back' });
    expect(await block(dead)).toEqual({});
  });
});

it('a judgement that was cut off with its boot is closed by the next one', async () => {
  const machine = reboot(await upgraded('/well'));
  let cold: ReturnType<SimulatedMachine['cut']> | undefined;
  machine.onMoment = (what, now) => {
    if (what === 'check health') cold ??= now.cut('kept');
  };
  await assess(machine);
  const next = cold === undefined ? undefined : boot(cold);
  if (next === undefined) throw new Error('nothing boots');
  expect(next.facts.commandLine).toContain('slotwright.trial=1');
  expect(await resume(next, { reach: 'past-the-pivot' })).toMatchObject({
    outcome: 'nothing-to-do',
  });
  expect(await assess(next)).toMatchObject({ outcome: 'completed' });
  expect(await block(next)).toEqual({});
});

it('a boot that owes nothing and judges nothing changes nothing, not even how COS_STATE is mounted', async () => {
  const upgrading = reboot(await upgraded('/well'));
  await assess(upgrading);
  const machine = reboot(upgrading);
  const touched: string[] = [];
  machine.onMoment = (what) => void touched.push(what);
  await resume(machine, { reach: 'past-the-pivot' });
  await resume(machine, { reach: 'everything', by: 'boot' });
  await assess(machine);
  expect(touched).toEqual([]);
});

describe('why and status tell', () => {
  const asked = (machine: SimulatedMachine) =>
    lifecycleServices(machineryOf(machine), simulatedClock(machine));

  it('of a new image: on trial, how many attempts are left, and that nobody has confirmed it', async () => {
    const machine = reboot(await upgraded('/new'));
    const { running, next } = await asked(machine).why();
    expect(running).toMatch(
      /^the machine runs the active image, installed by upgrade \S+ from dir:\/\/\/new \(image sha256 [0-9a-f]{12}\); it is on trial/,
    );
    expect(next).toEqual({ slot: 'active', why: 'the active image is on trial, 2 attempts left' });
    const status = await asked(machine).status();
    expect(status.judge).toEqual({ kind: 'slotwright', attemptsLeft: 2 });
    expect(status.slots[0]).toMatchObject({ slot: 'active', running: true, state: 'on-trial' });
  });

  it('of a fallback after failed health checks: which check, at which boots, and what to do', async () => {
    let machine = await upgraded('/unwell');
    for (let boots = 0; boots < 3; boots += 1) {
      machine = reboot(machine);
      await assess(machine);
    }
    machine = reboot(machine);
    await assess(machine);
    const { running, attempts, next, retry } = await asked(machine).why();
    expect(running).toMatch(
      /^the machine runs the passive image because the image of upgrade \S+ from dir:\/\/\/unwell \(image sha256 [0-9a-f]{12}\) was started 3 times and not confirmed$/,
    );
    expect(attempts).toHaveLength(3);
    expect(attempts[0]).toContain('health check /etc/slotwright/health.d/10-net failed (no route)');
    expect(next).toEqual({ slot: 'passive', why: 'the active image failed its judgement' });
    expect(retry).toContain('upgrade --force');
    expect((await asked(machine).status()).slots[0]).toMatchObject({ state: 'failed' });
  });

  it('of a fallback after boots that panicked: that none of them got as far as the health checks', async () => {
    const machine = reboot(panic(await upgraded('/new'), 3));
    await assess(machine);
    const { running, attempts } = await asked(machine).why();
    expect(running).toContain('none of its boots reached the health checks');
    expect(attempts).toEqual([]);
  });

  it.each([
    [{ next_entry: 'recovery' }, 'recovery', 'asked for by next_entry, for one boot'],
    [{ saved_entry: 'fallback' }, 'passive', 'asked for by saved_entry, until it is changed'],
    [{ saved_entry: 'cos' }, 'active', 'it is the default'],
    [
      { saved_entry: 'mine' },
      'unknown',
      'the entry "mine" is asked for by saved_entry, until it is changed',
    ],
  ])('of the boot environment %j: %s', (user, slot, why) => {
    const present = ['active', 'passive', 'recovery'] as const;
    expect(nextBoot({ user, judgement: {}, activeUuid: 'a', present })).toEqual({ slot, why });
  });

  it('of a missing image: the next one of the menu, or that there is none', () => {
    expect(nextBoot({ judgement: {}, present: ['recovery'] })).toEqual({
      slot: 'recovery',
      why: 'there is no active image',
    });
    expect(nextBoot({ user: { saved_entry: '1' }, judgement: {}, present: [] })).toMatchObject({
      slot: 'nothing',
    });
  });
});

describe('a judgement that loses power or is killed anywhere', () => {
  it.each([
    ['a boot that is well', async () => reboot(await upgraded('/well')), 'active', {}],
    [
      'a fallback',
      async () => reboot(panic(await upgraded('/new'), 3)),
      'passive',
      { condemned: expect.any(String) as unknown },
    ],
  ] as const)(
    'of %s is made up for by the next boot, and keeps every law',
    async (_name, begin, from, said) => {
      const machine = await begin();
      expect(slot(machine)).toBe(from);
      const before = beforeOf(machine);
      const wrong: string[] = [];
      const left: { what: string; next: SimulatedMachine }[] = [];
      machine.onMoment = (what, now) => {
        for (const data of ['lost', 'kept', 'torn'] as const) {
          const cold = now.cut(data);
          for (const { sentence } of judgeCut(factsOf(cold), before))
            wrong.push(`${what}, ${data}: ${sentence}`);
          const next = boot(cold);
          if (next === undefined) wrong.push(`${what}: nothing boots`);
          else left.push({ what: `${what}, ${data}`, next });
        }
        left.push({ what: `${what}, killed`, next: now.kill() });
      };
      await assess(machine);
      expect(left.length).toBeGreaterThan(40);
      for (const { what, next } of left) {
        await resume(next, { reach: 'past-the-pivot' });
        const { outcome } = await assess(next);
        if (outcome !== 'completed' && outcome !== 'nothing-to-do')
          wrong.push(`${what}: ${outcome}`);
        expect(await block(next)).toEqual(said);
        for (const { sentence } of judgeEnd(factsNow(next), before))
          wrong.push(`${what}: ${sentence}`);
      }
      expect(wrong).toEqual([]);
    },
  );
});

describe('an image that nobody has confirmed, and another upgrade', () => {
  /** What an upgrade to another image leaves, cut at each moment; the machine of each cut after its boot. */
  async function cutEverywhere(
    machine: SimulatedMachine,
    wish: Parameters<typeof upgrade>[1],
  ): Promise<readonly { readonly what: string; readonly next: SimulatedMachine }[]> {
    const left: { what: string; next: SimulatedMachine }[] = [];
    machine.onMoment = (what, now) => {
      const next = boot(now.cut('kept'));
      if (next === undefined) throw new Error(`${what}: nothing boots`);
      left.push({ what, next });
    };
    await upgrade(machine, wish);
    machine.onMoment = () => undefined;
    return left;
  }
  const contents = (machine: SimulatedMachine): readonly (string | undefined)[] =>
    Object.values(factsNow(machine).images).map(({ content }) => content);

  it('never boots uncounted, wherever its own upgrade is cut', async () => {
    const machine = machineWith();
    const good = versions(machine)['active.img'];
    const uncounted = (await cutEverywhere(machine, wishFor('/new'))).filter(
      ({ next }) =>
        versions(next)['active.img'] !== good &&
        !next.facts.commandLine.includes('slotwright.trial='),
    );
    expect(uncounted.map(({ what }) => what)).toEqual([]);
  });

  it('never boots uncounted, wherever the other upgrade is cut', async () => {
    const machine = await upgraded('/new');
    const unproven = versions(machine)['active.img'];
    const uncounted = (await cutEverywhere(machine, wishFor('/newer'))).filter(
      ({ next }) =>
        slot(next) === 'active' &&
        versions(next)['active.img'] === unproven &&
        !next.facts.commandLine.includes('slotwright.trial='),
    );
    expect(uncounted.map(({ what }) => what)).toEqual([]);
  });

  it.each([
    ['begun before it was started', async () => upgraded('/new'), 'no'],
    ['forced while it runs', async () => reboot(await upgraded('/new')), 'yes'],
  ] as const)(
    'never takes the place of the good one, wherever the other upgrade, %s, is cut and resumed',
    async (_name, begin, again) => {
      const machine = await begin();
      const good = versions(machine)['passive.img'];
      const lost: string[] = [];
      for (const { what, next } of await cutEverywhere(machine, wishFor('/newer', { again }))) {
        await resume(next);
        if (!contents(next).includes(good)) lost.push(what);
      }
      expect(lost).toEqual([]);
    },
    60_000,
  );

  it('does not answer for it: the word of the menu names the image that it means', async () => {
    const machine = reboot(panic(await upgraded('/new'), 3));
    await upgrade(machine, wishFor('/newer'));
    expect(await assess(machine)).toMatchObject({ outcome: 'nothing-to-do' });
    expect(reboot(machine).facts.commandLine).toContain('slotwright.trial=2');
  });

  it('that was given up and is started by hand stays given up, is not kept, and can be acquitted by a person', async () => {
    const failed = reboot(panic(await upgraded('/new'), 3));
    await assess(failed);
    const cold = failed.shutDown();
    const active = boot({ ...cold, disks: new Map(cold.disks) });
    if (active === undefined) throw new Error('nothing boots');
    const image = `state:${factsNow(active).images['active.img']?.id ?? ''}`;
    const facts = {
      ...active.facts,
      runningImage: image,
      commandLine: 'cos-img/filename=/cOS/active.img panic=5',
    };
    Object.assign(active, { facts });
    await expect(upgrade(active, wishFor('/newer'))).rejects.toMatchObject({ code: 'on-trial' });
    expect(await assess(active)).toMatchObject({ outcome: 'nothing-to-do' });
    expect(await assess(active, { by: 'hand' })).toMatchObject({ outcome: 'completed' });
    expect(await block(active)).toEqual({});
    expect(await upgrade(active, wishFor('/newer'))).toMatchObject({ outcome: 'completed' });
  });

  it('is on trial again when the other upgrade is undone, as it was', async () => {
    const machine = await upgraded('/new');
    const before = await block(machine);
    machine.onMoment = (what) => {
      if (what.startsWith('append step.started retire-active')) throw new Error('cut short');
    };
    await upgrade(machine, wishFor('/newer')).catch(() => undefined);
    const dead = machine.kill();
    expect((await block(dead)).condemned).toBe(before.image);
    expect(await abort(dead)).toMatchObject({ outcome: 'rolled-back' });
    expect(await block(dead)).toEqual(before);
  });
});

it('a confirmation by hand does not go on with what the boot unit had begun', async () => {
  const machine = reboot(await upgraded('/unwell'));
  let dead: SimulatedMachine | undefined;
  machine.onMoment = (what, now) => {
    if (what === 'check health') dead ??= now.kill();
  };
  await assess(machine);
  if (dead === undefined) throw new Error('no health was checked');
  expect(await assess(dead, { by: 'hand' })).toMatchObject({ outcome: 'completed' });
  expect(await block(dead)).toEqual({});
});
