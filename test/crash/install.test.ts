/** Installations that are cut or killed at every moment: the disk starts a whole system or none, and the same command ends well. */
import { describe, expect, it } from 'vitest';
import { install as operation } from '../../machines/install.ts';
import type { Outcome } from '../../src/engine/machinery.ts';
import type { InstallWish } from '../../src/engine/install-plan.ts';
import { UsageError } from '../../src/errors.ts';
import { judgeCut, judgeEnd, type Before } from '../../src/proof/laws.ts';
import { factsNow, factsOf, runningContent } from '../../src/proof/simulated-facts.ts';
import { boot, type ColdMachine } from '../../src/system/simulated/cold-machine.ts';
import type { SimulatedMachine } from '../../src/system/simulated/machine.ts';
import { abort, resume } from '../support/simulated/commands.ts';
import { endings, type Left } from '../support/simulated/endings.ts';
import { install, liveMachine, WRITTEN } from '../support/simulated/installing.ts';

const LONG = 120_000;
const PIVOT = 'append step.started install-boot-loader';
const names = operation.steps.map(({ name }) => name);
const BEFORE_PIVOT = names.slice(0, names.indexOf(operation.pivot ?? ''));

describe('an installation that is cut anywhere', () => {
  it(
    'leaves a whole system or none, and ends well when it is asked for again or resumed',
    { timeout: LONG },
    async () => {
      const { before, empty, lefts, violations } = await everyCut();
      for (const [index, { left, where }] of lefts.entries()) {
        const how = index % 2 === 0 ? 'resume' : 'again';
        const found = await carriedOn(left, how, before, empty);
        violations.push(...found.map((sentence) => `${sentence} [${where}; ${how}]`));
      }
      expect(lefts.length).toBeGreaterThan(150);
      expect(violations).toEqual([]);
    },
  );

  it(
    'makes way for another installation, unforced, as long as nothing boots',
    { timeout: LONG },
    async () => {
      const { lefts } = await everyCut();
      const other = {
        source: { kind: 'dir', path: '/run/other', uri: 'dir:///run/other' },
      } as const;
      const wrong: string[] = [];
      for (const { left, where } of lefts.filter((_, index) => index % 5 === 0)) {
        const machine = left.machine();
        if (machine === undefined || machine.drive?.startedBy !== 'none') continue;
        const begun = where.startsWith(PIVOT) && !where.includes('not yet');
        try {
          const { outcome } = await install(machine, other);
          if (outcome !== 'completed') wrong.push(`${outcome} [${where}]`);
        } catch (error) {
          if (!(error instanceof UsageError) || !begun) wrong.push(`${String(error)} [${where}]`);
        }
      }
      expect(wrong).toEqual([]);
    },
  );
});

it(
  'an installation cut a second time, while it goes on, still leaves a whole system or none',
  { timeout: LONG },
  async () => {
    const { before, empty, lefts, violations } = await everyCut();
    for (const { left, where } of lefts.filter((_, index) => index % 29 === 0)) {
      const machine = left.machine();
      if (machine === undefined || machine.drive?.startedBy !== 'none') continue;
      machine.onMoment = (what, now) => {
        for (const { cold } of endings(now)) {
          if (cold === undefined) continue;
          violations.push(
            ...judged(cold, before, empty).map(
              (sentence) => `${sentence} [${where}; then ${what}]`,
            ),
          );
        }
      };
      await install(machine);
    }
    expect(violations).toEqual([]);
  },
);

describe('an installation', () => {
  it('that is asked for again changes nothing, unless it is forced', async () => {
    const machine = liveMachine();
    const first = await install(machine);
    const again = await install(machine);
    const forced = await install(machine, { again: 'yes' });
    expect([first.outcome, again.outcome, forced.outcome]).toEqual([
      'completed',
      'already-installed',
      'completed',
    ]);
  });

  it.each(BEFORE_PIVOT)(
    'that is aborted before %s boots nothing, and can be asked for again',
    async (step) => {
      const machine = liveMachine();
      let stopped: SimulatedMachine | undefined;
      machine.onMoment = (what, now) => {
        if (what === `append step.started ${step}`) stopped ??= now.kill();
      };
      await install(machine);
      if (stopped === undefined) throw new Error(`${step} never began`);
      const outcome = await abort(stopped);
      expect(outcome.outcome).toBe('rolled-back');
      expect(stopped.drive?.startedBy).toBe('none');
      expect(factsNow(stopped).held).toEqual([]);
      expect(await install(stopped)).toMatchObject({ outcome: 'completed' });
    },
  );

  it('for EFI writes the loader to its own partition, which the state file names', async () => {
    const machine = liveMachine();
    const outcome = await install(machine, { firmware: 'efi' });
    expect(outcome).toMatchObject({ outcome: 'completed', exit: 0 });
    const cold = machine.shutDown();
    expect([...(cold.disks.get('efi')?.tree.names.keys() ?? [])]).toContain('/grub.cfg');
    expect(boot(cold)?.facts.commandLine).toContain('/cOS/active.img');
    const state = cold.disks.get('state')?.tree;
    const yaml = state?.inodes.get(state.names.get('/state.yaml') ?? 0);
    expect(yaml?.kind === 'text' ? yaml.text : '').toContain('label: COS_GRUB');
  });

  it('past its pivot leaves the hooks of the live system out when the new system continues it', async () => {
    const machine = liveMachine();
    let cut: ColdMachine | undefined;
    machine.onMoment = (what, now) => {
      if (what === 'append step.started run-post-stage: durable') cut ??= now.cut('lost');
    };
    await install(machine);
    const booted = cut === undefined ? undefined : boot(cut);
    if (booted === undefined) throw new Error('it does not boot');
    const outcome = await resume(booted);
    expect(outcome).toMatchObject({ operation: 'install', outcome: 'completed', exit: 0 });
    expect(factsNow(booted).userData).not.toHaveProperty('/oem/post-install.log');
  });

  it.each([
    ['a second rest', { size: 0 }, 'two-rests'],
    ['a state partition that cannot hold the images', { size: 300 }, 'partition-too-small'],
    ['more than the disk has', { size: 999_999 }, 'disk-too-small'],
  ])('refuses %s before anything is written', async (_what, { size }, code) => {
    const machine = liveMachine();
    const moments: string[] = [];
    machine.onMoment = (what) => moments.push(what);
    const wish = layoutWith(size);
    await expect(install(machine, wish)).rejects.toMatchObject({ code });
    expect(moments.filter((what) => what.includes('divide'))).toEqual([]);
  });

  it('onto kept partitions refuses a system that is there, and replaces it when it is forced', async () => {
    const machine = liveMachine();
    await install(machine);
    const other = {
      partitions: 'kept',
      source: { kind: 'dir', path: '/run/other', uri: 'dir:///run/other' },
    } as const;
    await expect(install(machine, other)).rejects.toMatchObject({ code: 'already-installed' });
    const outcome = await install(machine, { ...other, again: 'yes' });
    expect(outcome).toMatchObject({ operation: 'install-in-place', outcome: 'completed' });
  });
});

it(
  'an installation onto kept partitions keeps something bootable at every moment',
  { timeout: LONG },
  async () => {
    const machine = liveMachine();
    await install(machine);
    const facts = factsNow(machine);
    const before: Before = { facts, hookFiles: WRITTEN };
    const violations: string[] = [];
    machine.onMoment = (what, now) => {
      for (const { cold, how } of endings(now)) {
        if (cold === undefined) continue;
        const found = judgeCut(factsOf(cold), before).map(({ sentence }) => sentence);
        if (boot(cold) === undefined) found.push('nothing boots');
        violations.push(...found.map((sentence) => `${sentence} [${what}; ${how}]`));
      }
    };
    await install(machine, {
      partitions: 'kept',
      again: 'yes',
      source: { kind: 'dir', path: '/run/other', uri: 'dir:///run/other' },
    });
    expect(violations).toEqual([]);
  },
);

interface Cuts {
  /** What a disk that boots is judged by: the finished installation. */
  readonly before: Before;
  /** What a disk that boots nothing is judged by. */
  readonly empty: Before;
  readonly lefts: readonly { readonly left: Left; readonly where: string }[];
  readonly violations: string[];
}

async function everyCut(): Promise<Cuts> {
  const whole = liveMachine();
  await install(whole);
  const facts = factsNow(whole);
  const lastGood = facts.images['active.img']?.content ?? '';
  const before: Before = { facts, lastGood, hookFiles: WRITTEN };
  const nothing = factsOf(liveMachine().cut('lost'));
  const empty: Before = {
    facts: {
      ...nothing,
      loader: [{ active: 'absent', passive: 'absent' }],
      loaderRecovery: ['absent'],
    },
    hookFiles: WRITTEN,
  };
  const violations: string[] = [];
  const lefts: { left: Left; where: string }[] = [];
  const known = new Set<string>();
  const machine = liveMachine();
  machine.onMoment = (what, now) => {
    for (const left of endings(now)) {
      const where = `${what}; ${left.how}`;
      if (left.cold !== undefined) {
        const found = judged(left.cold, before, empty);
        violations.push(...found.map((sentence) => `${sentence} [${where}]`));
      }
      if (known.has(left.key)) continue;
      known.add(left.key);
      lefts.push({ left, where });
    }
  };
  await install(machine);
  return { before, empty, lefts, violations };
}

function judged(cold: ColdMachine, before: Before, empty: Before): readonly string[] {
  const boots = cold.drive?.startedBy === 'ours';
  const found = judgeCut(factsOf(cold), boots ? before : empty).map(
    ({ law, sentence }) => `law ${law}: ${sentence}`,
  );
  const booted = boots ? boot(cold) : undefined;
  const runs = booted === undefined ? undefined : runningContent(booted);
  if (boots && runs !== before.lastGood) found.push('law 1: it boots, but not the new system');
  return found;
}

/** The machine comes back; what must be true at the end. */
async function carriedOn(
  left: Left,
  how: 'resume' | 'again',
  before: Before,
  empty: Before,
): Promise<readonly string[]> {
  const machine = left.machine();
  if (machine === undefined) return ['law 1: nothing starts'];
  try {
    const outcome = await end(machine, how);
    const ends: readonly Outcome['outcome'][] = ['completed', 'already-installed', 'nothing-to-do'];
    if (outcome.exit !== 0 || !ends.includes(outcome.outcome)) {
      return [`law 3: it ended ${outcome.outcome}: ${outcome.error?.message ?? ''}`];
    }
  } catch (error) {
    return [`law 4: it threw ${error instanceof Error ? (error.stack ?? '') : String(error)}`];
  }
  const { held } = factsNow(machine);
  const cold = machine.shutDown();
  const booted = boot(cold);
  return [
    ...held.map((clause) => `law 5: ${clause}`),
    ...judged(cold, before, empty),
    ...judgeEnd(factsOf(cold), before).map(({ sentence }) => sentence),
    ...(booted === undefined || runningContent(booted) !== before.lastGood
      ? ['law 1: the new system does not boot']
      : []),
  ];
}

async function end(machine: SimulatedMachine, how: 'resume' | 'again'): Promise<Outcome> {
  if (machine.drive?.startedBy === 'ours' && machine.facts.runningImage !== undefined) {
    const early = await resume(machine, { reach: 'past-the-pivot' });
    return early.outcome === 'nothing-to-do' ? resume(machine) : early;
  }
  if (how === 'resume' && machine.roles().includes('state')) {
    const outcome = await resume(machine);
    if (outcome.outcome === 'completed') return outcome;
  }
  return install(machine);
}

function layoutWith(stateMiB: number): Partial<InstallWish> {
  const part = (name: string, mebibytes: number) => ({ name, mebibytes, fs: 'ext4' });
  return {
    layout: {
      kind: 'gpt',
      partitions: {
        oem: part('oem', 64),
        recovery: part('recovery', 2048),
        state: part('state', stateMiB),
        persistent: part('persistent', 0),
      },
      extra: [],
    },
  };
}
