import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { WalkArguments } from '../arguments.ts';
import type { BootedStart, WalkContext } from '../context.ts';
import { judgeAgainst, type Judge } from '../judge.ts';
import type { Machine } from '../machine.ts';
import { comesBack, type CameBack } from './come-back.ts';

/** Lent drive, mounted in every boot: what was interrupted finds its source again. */
const NEXT_HOOK = `stages:
  boot:
    - name: the next system
      if: '[ -b /dev/vdb ]'
      commands:
        - mkdir -p /run/next && mount -o ro /dev/vdb /run/next
`;

/** A machine that runs 1.0 and finds 2.0 on a lent drive, in each of its boots. */
export async function aboutToUpgrade(context: WalkContext): Promise<BootedStart> {
  const next = await context.part('next system: 2.0', () => context.source('busybox', '2.0'));
  return {
    name: 'about to upgrade',
    kind: 'busybox',
    options: { drives: [{ file: next, mode: 'ro' }] },
    prepare: async (disk) => disk.files.write('oem', '/10_next.yaml', NEXT_HOOK),
  };
}

/**
 * The plug is pulled at random times, during the upgrade and during the boot that judges it. Each time the machine must come up by itself and
 * be done with what was begun, without a person: finished, or undone.
 */
export async function cuts(context: WalkContext, given: WalkArguments): Promise<void> {
  const { upgrade, boot, from, seed } = given.cuts;
  const start = await aboutToUpgrade(context);
  context.note(`seed ${String(seed)}`);
  const { judge, took } = await uncut(context, start);
  const wait = randomFrom(seed);
  await cutEach(context, judge, {
    title: 'the upgrade',
    times: times(upgrade, () => wait() * took.upgrade).slice(from - 1),
    start,
    begin: async (machine) => void machine.run(UPGRADE, LONG_MS).catch(() => undefined),
  });
  const bootWait = randomFrom(seed + 1);
  await cutEach(context, judge, {
    title: 'the boot that judges',
    times: times(boot, () => bootWait() * took.boot).slice(from - 1),
    start: upgraded(start),
    begin: reboots,
  });
}

const UPGRADE = ['elemental', 'upgrade'] as const;
const LONG_MS = 900_000;

/** The same machine, the upgrade behind it and the reboot before it. */
function upgraded(start: BootedStart): BootedStart {
  const first = async (machine: Machine): Promise<void> => {
    await machine.sure(UPGRADE, LONG_MS);
  };
  return { ...start, name: 'about to be judged', first };
}

/** Resolves when the kernel of the new boot has said its first word. */
async function reboots(machine: Machine): Promise<void> {
  machine.mark();
  void machine.run(['reboot']).catch(() => undefined);
  await machine.seen(/Linux version/, LONG_MS);
}

interface Uncut {
  readonly judge: Judge;
  /** Milliseconds of the upgrade, and of the boot that judges from the kernel's first word to the login. */
  readonly took: { readonly upgrade: number; readonly boot: number };
}

/** The upgrade and the boot after it when nobody cuts them. */
async function uncut(context: WalkContext, start: BootedStart): Promise<Uncut> {
  const { machine, disk, original } = await context.part('a machine with 1.0', () =>
    context.booted(start),
  );
  try {
    const judge = await context.part('what the laws are judged against', () =>
      judgeAgainst(original, context.folder),
    );
    const upgrade = await measured(context, 'an upgrade that nobody cuts', () =>
      machine.sure(UPGRADE, LONG_MS),
    );
    await reboots(machine);
    const boot = await measured(context, 'a boot that nobody cuts', () =>
      machine.seen(/login: $/, LONG_MS),
    );
    await machine.shutdown();
    await context.part('its disk is judged', () => judge.end(disk.path));
    return { judge, took: { upgrade, boot } };
  } finally {
    await machine.cutPower();
    await rm(disk.path);
  }
}

/** Runs a part and tells its milliseconds. */
async function measured(
  { part }: WalkContext,
  title: string,
  work: () => Promise<unknown>,
): Promise<number> {
  const began = performance.now();
  await part(title, work);
  return performance.now() - began;
}

interface Cuts {
  readonly title: string;
  /** Milliseconds after `begin`. */
  readonly times: readonly number[];
  readonly start: BootedStart;
  readonly begin: (machine: Machine) => Promise<void>;
}

async function cutEach(context: WalkContext, judge: Judge, cut: Cuts): Promise<void> {
  const tally: Record<CameBack, number> = { finished: 0, undone: 0, 'not begun': 0 };
  for (const after of cut.times) {
    await context.part(`cut: ${cut.title} after ${String(after)} ms`, async () => {
      const { machine, disk } = await context.booted(cut.start);
      try {
        await cut.begin(machine);
        await delay(after);
      } finally {
        await machine.cutPower();
      }
      const drives = cut.start.options?.drives;
      tally[await comesBack(context, disk, { drives, judge })] += 1;
      await rm(disk.path);
    });
  }
  const { finished, undone } = tally;
  const cutShort = `${String(cut.times.length)} cuts of ${cut.title}`;
  context.note(
    `${cutShort}: ${String(finished)} finished, ${String(undone)} undone, ${String(tally['not begun'])} not begun`,
  );
}

function times(count: number, next: () => number): readonly number[] {
  return Array.from({ length: count }, () => Math.round(next()));
}

/** A small generator with a seed (mulberry32): cuts fall at the same times again. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
