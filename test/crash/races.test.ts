/** Several processes at once, and a clock that goes backwards, with the real command on a real disk. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/exit-codes.ts';
import { PUT_BY_HOOK, PUT_FILE } from '../../src/proof/cuts/hooks.ts';
import { missingForRig, RESUME, UPGRADE, type Rig } from '../../src/proof/cuts/rig.ts';
import { missed, upgradeScenario } from '../../src/proof/cuts/scenario.ts';
import { runUntilRecord, type Stopped } from '../../src/proof/cuts/stop.ts';
import { judgeEnd } from '../../src/proof/laws.ts';
import type { Booted } from '../../src/sandbox/boot.ts';
import { createRig } from '../support/power/test-rig.ts';

const missing = await missingForRig();
if (missing !== undefined) process.stdout.write(`races on a real disk: left out, ${missing}\n`);
const LONG = 300_000;
/** In the hook, at the seal, between the two renames of the switch, and after it. */
const RECORDS = [21, 30, 36, 40];
const FEW = [21, 36];
const RESUME_AT_BOOT = [...RESUME, '--boot', 'early'];

describe.skipIf(missing !== undefined)('an upgrade that was killed', () => {
  let rig: Rig;
  let earlier: string;

  beforeAll(async () => {
    rig = await createRig({ oem: { 'hook.yaml': PUT_FILE }, byHooks: PUT_BY_HOOK });
    earlier = join(rig.folder, 'earlier.cjs');
    await writeFile(earlier, EARLIER);
  }, LONG);

  afterAll(() => rig.destroy());

  it.each(
    RECORDS.flatMap((record) =>
      [
        { how: 'by two resumes at once', commands: [RESUME, RESUME] },
        { how: 'by the boot and the user at once', commands: [RESUME_AT_BOOT, UPGRADE] },
        { how: 'by resumes and requests at once', commands: [RESUME, UPGRADE, RESUME, UPGRADE] },
      ].map((race) => ({ record, ...race })),
    ),
  )(
    'after record $record and carried on $how ends once, and as if it were alone',
    { timeout: LONG },
    async ({ record, commands }) => {
      await endsWell(async (booted) => {
        const stopped = await stopAfter(booted, record);
        // Nobody waits until it is gone: its lock may still be held, its mounts may still be there.
        process.kill(stopped.tool.pid, 'SIGKILL');
        const ends = await Promise.all(commands.map((command) => booted.run(command)));
        const odd = ends.filter(({ code }) => code !== 0 && code !== EXIT.locked);
        expect(odd).toEqual([]);
        await stopped.outcome;
      });
    },
  );

  it.each(FEW)(
    'after record %i and carried on by a resume that is killed as it begins ends well',
    { timeout: LONG },
    async (record) => {
      await endsWell(async (booted) => {
        const stopped = await stopAfter(booted, record);
        process.kill(stopped.tool.pid, 'SIGKILL');
        for (let tries = 0; tries < 5; tries += 1) {
          const running = booted.spawn(RESUME);
          const other = booted.run(RESUME);
          await running.kill('SIGKILL');
          await running.outcome;
          expect([0, EXIT.locked]).toContain((await other).code);
        }
        await stopped.outcome;
      });
    },
  );

  it.each(FEW)(
    'after record %i and carried on three years earlier ends well, and took no negative time',
    { timeout: LONG },
    async (record) => {
      await endsWell(async (booted) => {
        const stopped = await stopAfter(booted, record);
        process.kill(stopped.tool.pid, 'SIGKILL');
        await stopped.outcome;
        const env = { NODE_OPTIONS: '--require /run/earlier.cjs' };
        const { code, stderr } = await booted.run(RESUME, { env });
        expect(code, stderr).toBe(0);
        for (const command of ['history', 'history last', 'why', 'status']) {
          const told = await booted.run(['elemental', '--json', ...command.split(' ')], { env });
          expect(told.code, told.stderr).toBe(0);
          expect(told.stdout).not.toMatch(/(Ms|seconds)": ?-/);
        }
      });
    },
  );

  /** Whatever happened: one more resume, and the machine is as if one upgrade had run. */
  async function endsWell(work: (booted: Booted) => Promise<void>): Promise<void> {
    const disk = await rig.fresh();
    const booted = await rig.boot(disk, 'active', { '/run/earlier.cjs': earlier });
    try {
      await work(booted);
      const { code, stderr } = await booted.run(RESUME);
      expect(code, stderr).toBe(0);
    } finally {
      await booted.shutdown();
    }
    const facts = await rig.facts(disk);
    expect(judgeEnd(facts, rig.before)).toEqual([]);
    expect(missed(facts, upgradeScenario(rig, disk).ends)).toEqual([]);
  }
});

async function stopAfter(booted: Booted, record: number): Promise<Stopped> {
  const stopped = await runUntilRecord(booted, UPGRADE, record);
  if ('tool' in stopped) return stopped;
  throw new Error(`it ended before: ${stopped.stderr}`);
}

const EARLIER = `
const RealDate = Date;
const shift = 3 * 365 * 24 * 3600 * 1000;
globalThis.Date = class extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(RealDate.now() - shift);
    else super(...given);
  }
  static now() {
    return RealDate.now() - shift;
  }
};
`;
