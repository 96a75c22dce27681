/** `doctor` on a real disk: what others and dead processes leave there, who holds it, and what --fix makes of it. Needs root and loop devices. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/exit-codes.ts';
import type { Finding } from '../../src/inspect/diagnosis.ts';
import { STATE_AT } from '../../src/proof/cuts/live-machine.ts';
import { missingForRig, SMALL_IMAGES, UPGRADE, type Rig } from '../../src/proof/cuts/rig.ts';
import { kill, runUntilRecord } from '../../src/proof/cuts/stop.ts';
import type { Booted } from '../../src/sandbox/boot.ts';
import { createRig } from '../support/power/test-rig.ts';

const missing = await missingForRig();
if (missing !== undefined)
  process.stdout.write(`the doctor on a real disk: left out, ${missing}\n`);
const LONG = 300_000;

interface Visit {
  readonly code: number;
  readonly findings: readonly Finding[];
  readonly done: readonly string[];
}

describe.skipIf(missing !== undefined)('the doctor on a real disk', () => {
  let rig: Rig;

  beforeAll(async () => {
    rig = await createRig({ config: SMALL_IMAGES });
  }, LONG);
  afterAll(() => rig.destroy());

  const withMachine = async (work: (booted: Booted) => Promise<void>): Promise<void> => {
    const booted = await rig.boot(await rig.fresh(), 'active');
    try {
      await work(booted);
    } finally {
      await booted.shutdown();
    }
  };

  it('has nothing to say before an upgrade, and after it', { timeout: LONG }, () =>
    withMachine(async (booted) => {
      expect(await visit(booted, '--deep')).toEqual({ code: 0, findings: [], done: [] });
      expect((await booted.run(UPGRADE)).code).toBe(0);
      expect(await visit(booted, '--deep')).toEqual({ code: 0, findings: [], done: [] });
    }),
  );

  it('tells work that goes on from work that died', { timeout: LONG }, () =>
    withMachine(async (booted) => {
      const stopped = await runUntilRecord(booted, UPGRADE, 21);
      if (!('tool' in stopped)) throw new Error(stopped.stderr);
      const during = await visit(booted);
      expect(during.code).toBe(EXIT.ailing);
      expect(codes(during)).toContain('locked');
      await kill(stopped, stopped.tool.pid);
      const after = await visit(booted);
      expect(codes(after)).toEqual(['operation-owed', 'left-writable']);
      const fixed = await visit(booted, '--fix');
      expect(codes(fixed)).toEqual(['operation-owed']);
      expect((await booted.run(['elemental', 'abort'])).code).toBe(0);
      expect(await visit(booted)).toEqual({ code: 0, findings: [], done: [] });
    }),
  );

  it('names what keeps a foreign mount and an image, and touches neither', { timeout: LONG }, () =>
    withMachine(async (booted) => {
      const left = await booted.run(['sh', '-c', LEAVE_THINGS, 'leave', STATE_AT]);
      expect(left.code, left.stderr).toBe(0);
      const sleeper = booted.spawn(['sh', '-c', 'cd /run/cos/theirs; exec sleep 1000']);
      try {
        const { findings } = await untilHeld(booted);
        const why = Object.fromEntries(findings.map((one) => [one.code, one.why ?? '']));
        expect(why['mount-in-the-way']).toMatch(/pid \d+ \(sleep\) uses it/);
        expect(why['image-in-use']).toMatch(/used by \/dev\/loop\d+/);
        expect(why).toHaveProperty('file-left-over');
        const fixed = await visit(booted, '--fix');
        expect(fixed.done.join()).toContain('transition.gone.1.img');
        expect(codes(fixed)).toEqual(['mount-in-the-way', 'image-in-use']);
      } finally {
        await sleeper.kill('SIGKILL');
        await booted.run(['sh', '-c', 'umount /run/cos/theirs; umount /mnt']);
      }
      expect(codes(await visit(booted))).toEqual([]);
    }),
  );

  it(
    'reads images whole when asked, and says which is not what was installed',
    { timeout: LONG },
    () =>
      withMachine(async (booted) => {
        expect((await booted.run(UPGRADE)).code).toBe(0);
        const { code, stderr } = await booted.run(['sh', '-c', SCRIBBLE, 'scribble', STATE_AT]);
        expect(code, stderr).toBe(0);
        expect(codes(await visit(booted))).toEqual([]);
        expect(codes(await visit(booted, '--deep'))).toContain('image-altered');
      }),
  );

  it('compares the copies of the log when asked, and makes them up', { timeout: LONG }, () =>
    withMachine(async (booted) => {
      expect((await booted.run(UPGRADE)).code).toBe(0);
      for (const [change, code] of [
        [`rm ${COPIES}/000001-*`, 'copies-behind'],
        [`sed -i s/upgrade/upgrbde/ ${COPIES}/000001-*`, 'copies-differ'],
      ] as const) {
        const changed = await booted.run(['sh', '-c', onRecovery(change)]);
        expect(changed.code, changed.stderr).toBe(0);
        expect(codes(await visit(booted))).toEqual([]);
        expect(codes(await visit(booted, '--deep'))).toEqual([code]);
        expect(codes(await visit(booted, '--deep', '--fix'))).toEqual([]);
      }
    }),
  );

  it('finds that an older log was put back', { timeout: LONG }, () =>
    withMachine(async (booted) => {
      const keep = 'cp -a "$1/slotwright" /run/older';
      const putBack = onState('rm -r "$1/slotwright"; cp -a /run/older "$1/slotwright"');
      for (const command of [
        UPGRADE,
        ['sh', '-c', keep, 'keep', STATE_AT],
        ['elemental', 'rollback'],
        ['sh', '-c', putBack, 'put back', STATE_AT],
      ]) {
        const { code, stderr } = await booted.run(command);
        expect(code, stderr).toBe(0);
      }
      const { findings } = await visit(booted, '--deep');
      const found = findings.find(({ code }) => code === 'log-older-than-copies');
      expect(found?.what).toMatch(
        /^the log ends at record \d+, and its copies .* know record \d+$/,
      );
    }),
  );
});

const COPIES = '/run/copies/slotwright/events';

/** Makes COS_RECOVERY writable for a command. */
const onRecovery = (command: string): string => `
set -eu
mkdir -p /run/copies
mount /dev/disk/by-label/COS_RECOVERY /run/copies
${command}
umount /run/copies
`;

/** Makes COS_STATE writable for a command. */
const onState = (command: string): string => `
set -eu
mount -o remount,rw "$1"
${command}
sync
mount -o remount,ro "$1"
`;

const LEAVE_THINGS = `
${onState('echo x > "$1/cOS/transition.gone.1.img"')}
mkdir -p /run/cos/theirs
mount --bind /oem /run/cos/theirs
mount -o loop,ro "$1/cOS/passive.img" /mnt
`;

const SCRIBBLE = onState(
  'dd if=/dev/urandom of="$1/cOS/active.img" bs=4096 count=1 seek=2000 conv=notrunc status=none',
);

async function visit(booted: Booted, ...flags: readonly string[]): Promise<Visit> {
  const { code, stdout, stderr } = await booted.run(['elemental', 'doctor', ...flags, '--json']);
  expect(stdout, stderr).not.toBe('');
  const { findings, done } = JSON.parse(stdout) as Omit<Visit, 'code'>;
  return { code, findings, done };
}

/** The sleeper needs a moment to get there. */
async function untilHeld(booted: Booted): Promise<Visit> {
  for (;;) {
    const seen = await visit(booted);
    if (seen.findings.some(({ why }) => why?.includes('(sleep)'))) return seen;
  }
}

const codes = ({ findings }: Visit): readonly string[] => findings.map(({ code }) => code);
