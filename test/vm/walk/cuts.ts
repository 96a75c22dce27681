import { rm } from 'node:fs/promises';
import type { BootedStart, WalkContext, WorkingDisk } from '../context.ts';
import type { Machine } from '../machine.ts';

/** Lent drive, mounted in every boot: what was interrupted finds its source again. */
const NEXT_HOOK = `stages:
  boot:
    - name: the next system
      if: '[ -b /dev/vdb ]'
      commands:
        - mkdir -p /run/next && mount -o ro /dev/vdb /run/next
`;

/**
 * The plug is pulled at random times, during the upgrade and during the boot that judges it. Each time the machine must come up by itself and
 * be done with what was begun, without a person: finished, or undone. The seed is told, and may be given: `VM_SEED`, `VM_CUTS`, `VM_BOOT_CUTS`.
 */
export async function cuts(context: WalkContext): Promise<void> {
  const { note, part } = context;
  const seed = Number(process.env['VM_SEED'] ?? 20_261_123);
  const random = randomFrom(seed);
  note(`seed ${seed}`);
  const next = await part('next system: 2.0', () => context.source('busybox', '2.0'));
  const drives = [{ file: next, mode: 'ro' as const }];
  const start: BootedStart = {
    name: 'an upgrade that will be cut',
    kind: 'busybox',
    options: { drives },
    prepare: async (disk) => disk.files.write('oem', '/10_next.yaml', NEXT_HOOK),
  };
  const upgraded: BootedStart = { ...start, name: 'a boot that will be cut' };

  const whole = await part('an upgrade that nobody cuts', async () => {
    const { machine } = await context.booted(start);
    try {
      const began = performance.now();
      await machine.sure(['elemental', 'upgrade'], 600_000);
      return performance.now() - began;
    } finally {
      await machine.cutPower();
    }
  });
  const tally = { finished: 0, undone: 0, 'not begun': 0 };
  for (let cut = 1; cut <= Number(process.env['VM_CUTS'] ?? 20); cut += 1) {
    const after = Math.round(random() * whole);
    await part(`cut ${cut}: the upgrade after ${after} ms`, async () => {
      const { machine, disk } = await context.booted(start);
      try {
        const running = machine.run(['elemental', 'upgrade'], 600_000).catch(() => undefined);
        await Promise.race([running, elapsed(after)]);
      } finally {
        await machine.cutPower();
      }
      tally[await comesBack(context, disk, drives)] += 1;
      await rm(disk.path);
    });
  }
  for (let cut = 1; cut <= Number(process.env['VM_BOOT_CUTS'] ?? 10); cut += 1) {
    const after = Math.round(random() * 30_000);
    await part(`cut ${cut}: the boot that judges after ${after} ms`, async () => {
      const { machine, disk } = await context.booted(upgraded);
      try {
        await machine.sure(['elemental', 'upgrade'], 600_000);
        machine.mark();
        void machine.run(['reboot']).catch(() => undefined);
        await machine.seen(/Linux version/, 120_000);
        await elapsed(after);
      } finally {
        await machine.cutPower();
      }
      tally[await comesBack(context, disk, drives)] += 1;
      await rm(disk.path);
    });
  }
  note(`${tally.finished} finished, ${tally.undone} undone, ${tally['not begun']} not begun`);
}

type Drives = readonly { readonly file: string; readonly mode: 'ro' }[];

/** Powered on again, and left alone: a login by itself, and nothing owed. */
async function comesBack(
  { check, note }: WalkContext,
  disk: WorkingDisk,
  drives: Drives,
): Promise<'finished' | 'undone' | 'not begun'> {
  const machine = await disk.start({ drives });
  try {
    const { mode, version } = await machine.ready(900_000);
    await machine.seen(/login: $/, 900_000);
    await settled(machine);
    const status = JSON.parse(await machine.sure(['elemental', 'status', '--json'])) as {
      readonly unfinished?: unknown;
    };
    check(status.unfinished === undefined, `it came up (${mode} ${version}), and owes nothing`);
    const history = JSON.parse(await machine.sure(['elemental', 'history', '--json'])) as {
      readonly operations: readonly { readonly operation: string; readonly outcome: string }[];
    };
    const upgrade = history.operations.findLast(({ operation }) => operation === 'upgrade');
    note(history.operations.map(({ operation, outcome }) => `${operation} ${outcome}`).join(', '));
    if (upgrade === undefined) return 'not begun';
    return upgrade.outcome === 'completed' ? 'finished' : 'undone';
  } finally {
    await machine.cutPower();
  }
}

/** What boots do by themselves has ended when the tool runs no more. */
async function settled(machine: Machine): Promise<void> {
  await machine.sure(
    [
      'sh',
      '-c',
      'while pgrep -f "elemental (resume|assess-boot|run-stage)" >/dev/null; do sleep 1; done',
    ],
    600_000,
  );
}

const elapsed = async (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

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
