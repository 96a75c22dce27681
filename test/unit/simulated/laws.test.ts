import { describe, expect, it } from 'vitest';
import { judgeCut, judgeEnd, judgeRepeat, type Before } from '../../../src/proof/laws.ts';
import { factsNow, factsOf, runningContent } from '../../../src/proof/simulated-facts.ts';
import type { SimulatedMachine } from '../../../src/system/simulated/machine.ts';
import { newMachine } from '../../../src/system/simulated/new-machine.ts';
import { sourceOf } from '../../../src/system/simulated/sources.ts';
import { simulatedSystem } from '../../../src/system/simulated/system.ts';
import type { System } from '../../../src/system/port.ts';
import { replace } from '../../../machines/replace.ts';

const STATE = '/run/initramfs/cos-state';
const at = (name: string): string => `${STATE}/cOS/${name}.img`;
const effort = { signal: new AbortController().signal };

type Procedure = (system: System) => Promise<void>;

/** Laws broken at any moment of a procedure, by any cut. */
async function brokenBy(procedure: Procedure): Promise<readonly number[]> {
  const machine = newMachine({
    slots: { active: 'one', passive: 'zero', recovery: 'rescue' },
    files: { '/oem/settings': 'of the user' },
    sources: { '/new': sourceOf('two') },
  });
  const system = simulatedSystem(machine);
  await system.mounts.remount(STATE, 'rw');
  const before = beforeOf(machine);
  const broken = new Set<number>();
  machine.onMoment = (_what, now) => {
    for (const data of ['lost', 'kept', 'torn'] as const) {
      for (const { law } of judgeCut(factsOf(now.cut(data)), before)) broken.add(law);
    }
  };
  await procedure(system);
  return [...broken].sort();
}

function beforeOf(machine: SimulatedMachine): Before {
  return { facts: factsNow(machine), lastGood: runningContent(machine) ?? '', hookFiles: [] };
}

const build: Procedure = async (system) => {
  await system.images.create(at('transition'), { bytes: 1, label: 'COS_ACTIVE', fs: 'ext2' });
  const mount = { kind: 'image', source: at('transition'), at: '/run/t', mode: 'rw' } as const;
  await system.mounts.mount(mount);
  const source = { kind: 'dir', path: '/new', uri: 'dir:///new' } as const;
  await system.images.fill(source, '/run/t', effort);
  await system.mounts.unmount('/run/t');
};

const rotate: Procedure = async (system) => {
  await system.files.link(at('active'), at('retired.x'));
  const first = { name: at('active'), by: at('transition'), doomed: at('doomed.x'), at: STATE };
  await replace(system, first);
  await system.images.relabel(at('retired.x'), 'COS_PASSIVE');
  await system.settle.sync([STATE]);
  const second = { name: at('passive'), by: at('retired.x'), doomed: at('doomed.x'), at: STATE };
  await replace(system, second);
};

describe('the judgement of a cut', () => {
  it('finds nothing wrong with the measured rotation', async () => {
    expect(
      await brokenBy(async (system) => {
        await build(system);
        await system.settle.sync([STATE]);
        await rotate(system);
      }),
    ).toEqual([]);
  });

  it.each<[string, Procedure]>([
    [
      'an image that was not settled before it got its name, and passive gone before that',
      async (system) => {
        await system.files.remove(at('passive'));
        await build(system);
        await system.files.rename(at('transition'), at('active'));
      },
    ],
    [
      'a rename over active, although passive is whole',
      async (system) => {
        await build(system);
        await system.settle.sync([STATE]);
        await system.settle.checkpoint(STATE);
        await system.files.rename(at('transition'), at('active'));
      },
    ],
    [
      'renames that are synced and not checkpointed, as the reference does them',
      async (system) => {
        await build(system);
        await system.settle.sync([STATE]);
        await system.images.relabel(at('active'), 'COS_PASSIVE');
        await system.files.rename(at('active'), at('passive'));
        await system.settle.sync([STATE]);
        await system.files.rename(at('transition'), at('active'));
        await system.settle.sync([STATE]);
      },
    ],
    [
      'passive rewritten while active is not complete',
      async (system) => {
        await system.files.remove(at('active'));
        await system.images.relabel(at('passive'), 'COS_ACTIVE');
      },
    ],
    [
      'recovery rewritten in place',
      async (system) => {
        await system.mounts.mount({
          kind: 'device',
          source: '/dev/vda4',
          at: '/run/cos/recovery',
          mode: 'rw',
        });
        await system.images.relabel('/run/cos/recovery/cOS/recovery.img', 'COS_ACTIVE');
      },
    ],
  ])('finds that something may not boot after %s', async (_what, procedure) => {
    expect(await brokenBy(procedure)).toContain(1);
  });

  it('finds that the last good image is lost', async () => {
    const broken = await brokenBy(async (system) => {
      await build(system);
      await system.settle.sync([STATE]);
      const only = { name: at('active'), by: at('transition'), doomed: at('doomed.x'), at: STATE };
      await replace(system, only);
    });
    expect(broken).toContain(2);
  });

  it('finds a change of the files of the user', async () => {
    const broken = await brokenBy((system) =>
      system.files.writeText('/oem/settings', 'ours', 0o600),
    );
    expect(broken).toEqual([6]);
  });
});

describe('the judgement of an end', () => {
  it('finds what is still held and what is left over', async () => {
    const machine = newMachine({ slots: { active: 'one', recovery: 'rescue' } });
    const system = simulatedSystem(machine);
    const before = beforeOf(machine);
    await system.mounts.remount(STATE, 'rw');
    await system.mounts.remount('/oem', 'ro');
    await system.files.link(at('active'), at('retired.x'));
    await system.settle.sync([STATE]);
    await system.mounts.mount({ kind: 'image', source: at('active'), at: '/run/a', mode: 'ro' });
    const told = judgeEnd(factsNow(machine), before).map(
      ({ law, sentence }) => `${law} ${sentence}`,
    );
    expect(told).toEqual([
      '5 retired.x.img is left over',
      `5 ${at('active')} is mounted at /run/a, and nothing is owed`,
      '5 /oem is ro and was rw, and nothing is owed',
      '5 COS_STATE is writable, and nothing is owed',
    ]);
  });
});

it('a second run that replaces an image breaks law 3', async () => {
  const machine = newMachine({ slots: { active: 'one', recovery: 'rescue' } });
  const system = simulatedSystem(machine);
  await system.mounts.remount(STATE, 'rw');
  const first = factsNow(machine);
  await system.images.copy(at('active'), at('other'), effort);
  await system.files.rename(at('other'), at('active'));
  await system.settle.sync([STATE]);
  expect(judgeRepeat(first, factsNow(machine)).map(({ law }) => law)).toEqual([3]);
});
