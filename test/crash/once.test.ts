/** Once means once (law 3), with the real command on a real disk. */
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/exit-codes.ts';
import { judgeEnd, judgeRepeat, type DiskFacts } from '../../src/proof/laws.ts';
import type { Booted } from '../../src/sandbox/boot.ts';
import type { Disk } from '../../src/sandbox/disk.ts';
import type { Slot } from '../../src/system/port.ts';
import {
  FAILING_AFTERWARDS,
  PUT_BY_HOOK,
  PUT_FILE,
  PUT_OTHER,
  PUT_OTHER_BY_HOOK,
} from '../../src/proof/cuts/hooks.ts';
import { missingForRig, UPGRADE, type Rig } from '../../src/proof/cuts/rig.ts';
import { createRig } from '../support/power/test-rig.ts';
import { runUntilRecord } from '../../src/proof/cuts/stop.ts';

const missing = await missingForRig();
if (missing !== undefined) process.stdout.write(`repeats on a real disk: left out, ${missing}\n`);
const LONG = 300_000;

describe.skipIf(missing !== undefined)('an upgrade', () => {
  let rig: Rig;

  beforeAll(async () => {
    rig = await createRig({
      oem: { 'hook.yaml': PUT_FILE },
      byHooks: PUT_BY_HOOK,
      otherHooks: [PUT_OTHER_BY_HOOK],
    });
  }, LONG);

  afterAll(() => rig.destroy());

  it(
    'that is asked for again changes nothing, before and after the reboot',
    { timeout: LONG },
    async () => {
      const disk = await rig.fresh();
      await whileBooted(disk, 'active', async (booted) => {
        expect((await booted.run(UPGRADE)).code).toBe(0);
      });
      const first = await judged(disk);
      for (const slot of ['active', 'active', 'passive', 'recovery'] as const) {
        await whileBooted(disk, slot, async (booted) => {
          const { code, stdout } = await booted.run([...UPGRADE, '--json']);
          expect(code).toBe(0);
          expect(outcomeIn(stdout)).toBe('already-installed');
        });
        expect(judgeRepeat(first, await judged(disk))).toEqual([]);
      }
    },
  );

  it(
    'while another one runs is refused, and the other one ends as if it were alone',
    { timeout: LONG },
    async () => {
      const disk = await rig.fresh();
      await whileBooted(disk, 'active', async (booted) => {
        const one = await runUntilRecord(booted, UPGRADE, 36);
        if (!('tool' in one)) throw new Error(one.stderr);
        const other = await booted.run(UPGRADE);
        expect(other.code).toBe(EXIT.locked);
        expect(other.stderr).toContain('next:');
        process.kill(one.tool.pid, 'SIGCONT');
        expect((await one.outcome).code).toBe(0);
      });
      const { images } = await judged(disk);
      expect(images['passive.img']?.content).toBe(rig.contents.installed);
    },
  );

  it('several at once end in one new system and one previous one', { timeout: LONG }, async () => {
    const disk = await rig.fresh();
    await whileBooted(disk, 'active', async (booted) => {
      const ends = await Promise.all([1, 2, 3].map(() => booted.run(UPGRADE)));
      const codes = ends.map(({ code }) => code);
      expect(codes).toContain(0);
      expect(codes.filter((code) => code !== 0 && code !== EXIT.locked)).toEqual([]);
    });
    const { images } = await judged(disk);
    expect(images['active.img']?.content).toBe(rig.contents.next);
    expect(images['passive.img']?.content).toBe(rig.contents.installed);
  });

  it(
    'with a changed hook file is another one: its effects arrive, passive stays the running system',
    { timeout: LONG },
    async () => {
      const disk = await rig.fresh();
      await whileBooted(disk, 'active', async (booted) => {
        expect((await booted.run(UPGRADE)).code).toBe(0);
        await writeFile(booted.path('/oem/hook.yaml'), PUT_OTHER);
        expect((await booted.run(UPGRADE)).code).toBe(0);
      });
      const facts = await rig.facts(disk);
      expect(judgeEnd(facts, { ...rig.before, hookFiles: ['/oem/hook.yaml'] })).toEqual([]);
      expect(facts.images['active.img']?.content).toBe(rig.contents.others[0]);
      expect(facts.images['passive.img']?.content).toBe(rig.contents.installed);
    },
  );

  it('with another request is refused while one is unfinished', { timeout: LONG }, async () => {
    const disk = await rig.fresh();
    await whileBooted(disk, 'active', async (booted) => {
      const one = await runUntilRecord(booted, UPGRADE, 20);
      if (!('tool' in one)) throw new Error(one.stderr);
      process.kill(one.tool.pid, 'SIGKILL');
      await one.outcome;
      await writeFile(booted.path('/oem/another.yaml'), PUT_OTHER);
      const { code, stderr } = await booted.run(UPGRADE);
      expect(code).toBe(EXIT.unfinished);
      expect(stderr).toContain('abort');
    });
  });

  async function judged(disk: Disk): Promise<DiskFacts> {
    const facts = await rig.facts(disk);
    expect(judgeEnd(facts, rig.before)).toEqual([]);
    return facts;
  }

  async function whileBooted(
    disk: Disk,
    slot: Slot,
    work: (booted: Booted) => Promise<void>,
  ): Promise<void> {
    const booted = await rig.boot(disk, slot);
    try {
      await work(booted);
    } finally {
      await booted.shutdown();
    }
  }
});

describe.skipIf(missing !== undefined)('an upgrade whose post stage fails', () => {
  let rig: Rig;

  beforeAll(async () => {
    rig = await createRig({ oem: { 'hook.yaml': FAILING_AFTERWARDS } });
  }, LONG);

  afterAll(() => rig.destroy());

  it(
    'is tried ten times more without another rotation, by running that stage alone',
    { timeout: LONG },
    async () => {
      const disk = await rig.fresh();
      const strict = [...UPGRADE, '--strict'];
      const booted = await rig.boot(disk, 'active');
      try {
        expect((await booted.run(strict)).code).toBe(EXIT.postUpgrade);
        for (let again = 1; again <= 10; again += 1) {
          const { code, stderr } = await booted.run(strict);
          expect(code, stderr).toBe(EXIT.postUpgrade);
        }
      } finally {
        await booted.shutdown();
      }
      const facts = await rig.facts(disk);
      expect(judgeEnd(facts, rig.before)).toEqual([]);
      expect(facts.images['active.img']?.content).toBe(rig.contents.next);
      expect(facts.images['passive.img']?.content).toBe(rig.contents.installed);
      const switches = completed(facts, 'set-active');
      const tries = completed(facts, 'run-post-stage', 'step.failed');
      expect({ switches, tries }).toEqual({ switches: 1, tries: 11 });
    },
  );
});

function completed({ log }: DiskFacts, step: string, type = 'step.completed'): number {
  if ('damage' in log) throw new Error(log.damage);
  return log
    .flat()
    .filter(({ event }) => event.type === type && 'step' in event && event.step === step).length;
}

function outcomeIn(stdout: string): unknown {
  const document: unknown = JSON.parse(stdout);
  return typeof document === 'object' && document !== null && 'outcome' in document
    ? document.outcome
    : undefined;
}
