/** What a signal leaves of the real command: an interruption that is on record, and nothing held. */
import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judgeEnd } from '../../src/proof/laws.ts';
import type { Booted } from '../../src/sandbox/boot.ts';
import type { Outcome } from '../../src/sandbox/inside.ts';
import { PUT_BY_HOOK, SLOW_ONCE } from '../../src/proof/cuts/hooks.ts';
import { heldBeyond, heldBy, processesOf, STATE_AT } from '../../src/proof/cuts/live-machine.ts';
import { missingForRig, RESUME, UPGRADE, type Rig } from '../../src/proof/cuts/rig.ts';
import { createRig } from '../support/power/test-rig.ts';
import { missed, upgradeScenario } from '../../src/proof/cuts/scenario.ts';
import { runUntilRecord, type Stopped } from '../../src/proof/cuts/stop.ts';

const missing = await missingForRig();
if (missing !== undefined) process.stdout.write(`signals on a real disk: left out, ${missing}\n`);
const LONG = 300_000;

describe.skipIf(missing !== undefined)('an upgrade that gets a signal', () => {
  let rig: Rig;
  let freezer: string;

  beforeAll(async () => {
    rig = await createRig({ oem: { 'hook.yaml': SLOW_ONCE }, byHooks: PUT_BY_HOOK });
    freezer = join(rig.folder, 'fsfreeze');
    await writeFile(freezer, FREEZE_AND_STOP, { mode: 0o755 });
  }, LONG);

  afterAll(() => rig.destroy());

  it.each([
    [5, 'SIGTERM', 143],
    [15, 'SIGINT', 130],
    [32, 'SIGTERM', 143],
    [38, 'SIGHUP', 143],
  ] as const)(
    'after record %i, %s, records that and ends with %i; resume finishes it',
    { timeout: LONG },
    async (record, signal, code) => {
      await whileBooted(async (booted, quiet) => {
        // The hook has been slow before: it is not what is interrupted here.
        await booted.run(['touch', '/oem/slow-once']);
        const stopped = await stopAfter(booted, record);
        process.kill(stopped.wrapper, signal);
        process.kill(stopped.tool.pid, 'SIGCONT');
        expect((await stopped.outcome).code).toBe(code);
        expect(await heldBeyond(quiet, booted)).toEqual([]);
        const { stdout } = await booted.run(['elemental', '--json', 'history', 'last']);
        expect(stdout).toContain('operation.interrupted');
        expect(stdout).not.toContain('step.failed');
      });
    },
  );

  it(
    'while a hook runs, ends the hook and continues with a new target',
    { timeout: LONG },
    async () => {
      await whileBooted(async (booted, quiet) => {
        const running = booted.spawn(UPGRADE);
        await untilThere(booted.path('/oem/slow-once'));
        await running.kill('SIGTERM');
        expect((await running.outcome).code).toBe(143);
        expect(await heldBeyond(quiet, booted)).toEqual([]);
      });
    },
  );

  it(
    'of SIGKILL between freezing and thawing is thawed by the child that froze',
    { timeout: LONG },
    async () => {
      await whileBooted(async (booted) => {
        const quiet = await withWriter(booted);
        const { tool, frozen } = await upgradeUntilFrozen(booted);
        process.kill(tool, 'SIGKILL');
        process.kill(frozen, 'SIGCONT');
        expect(await heldBeyond(quiet, booted)).toEqual([]);
      });
    },
  );

  it(
    'of SIGKILL between freezing and thawing, the child included, is thawed by resume',
    { timeout: LONG },
    async () => {
      await whileBooted(async (booted) => {
        const quiet = await withWriter(booted);
        const { tool, child, frozen } = await upgradeUntilFrozen(booted);
        for (const pid of [tool, child, frozen]) process.kill(pid, 'SIGKILL');
        expect((await booted.run(['fsfreeze', '--freeze', STATE_AT])).stderr).toContain('busy');
        expect((await booted.run(RESUME)).code).toBe(0);
        expect(await heldBeyond(quiet, booted)).toEqual([]);
      });
    },
  );

  /** Boots a fresh machine; after `work` resumes what is owed and judges the end. */
  async function whileBooted(
    work: (booted: Booted, quiet: readonly string[]) => Promise<void>,
  ): Promise<void> {
    const disk = await rig.fresh();
    const booted = await rig.boot(disk, 'active', { '/run/slotwright/bin/fsfreeze': freezer });
    try {
      await work(booted, await heldBy(booted));
      const { code, stderr } = await booted.run(RESUME);
      expect(code, stderr).toBe(0);
    } finally {
      await booted.shutdown();
    }
    const facts = await rig.facts(disk);
    expect(judgeEnd(facts, { ...rig.before, hookFiles: ['/oem/slow-once'] })).toEqual([]);
    expect(missed(facts, upgradeScenario(rig, disk).ends)).toEqual([]);
  }
});

async function stopAfter(booted: Booted, record: number): Promise<Stopped> {
  const stopped = await runUntilRecord(booted, UPGRADE, record);
  if ('tool' in stopped) return stopped;
  throw new Error(`the upgrade ended with ${String(stopped.code)}: ${stopped.stderr}`);
}

/** Somebody who writes to COS_STATE all the time: it cannot be made read-only, so a checkpoint has to freeze it. */
async function withWriter(booted: Booted): Promise<readonly string[]> {
  await booted.run(['touch', '/oem/slow-once']);
  await booted.run(['mount', '-o', 'remount,rw', STATE_AT]);
  booted.spawn(['sh', '-c', `exec 3>${STATE_AT}/log-of-somebody; exec sleep 100000`]);
  await untilThere(booted.path(`${STATE_AT}/log-of-somebody`));
  return heldBy(booted);
}

/** Waits for a file that somebody is about to make. */
async function untilThere(path: string): Promise<void> {
  const there = (): Promise<boolean> =>
    access(path).then(
      () => true,
      () => false,
    );
  while (!(await there())) await delay(5);
}

/** A freeze in progress: the process that froze, its parent that will thaw, and the tool that waits for both. */
interface Freeze {
  readonly frozen: number;
  readonly child: number;
  readonly tool: number;
}

/** Runs an upgrade until its first checkpoint has frozen COS_STATE; the program that did so stands still. */
async function upgradeUntilFrozen(booted: Booted): Promise<Freeze> {
  const running = booted.spawn(UPGRADE);
  const end: { outcome?: Outcome } = {};
  void running.outcome.then((outcome) => (end.outcome = outcome));
  while (end.outcome === undefined) {
    const all = await processesOf(booted);
    const frozen = all.find(({ state }) => state === 'T');
    const child = all.find(({ pid }) => pid === frozen?.parent);
    if (frozen !== undefined && child !== undefined) {
      return { frozen: frozen.pid, child: child.pid, tool: child.parent };
    }
  }
  throw new Error(`nothing was frozen: ${end.outcome.stderr}`);
}

/** The real program, which stands still once it has frozen something for the first time. */
const FREEZE_AND_STOP = `#!/bin/sh
/usr/sbin/fsfreeze "$@" || exit
if [ "$1" = --freeze ] && [ ! -e /run/once ]; then
  : > /run/once
  kill -STOP $$
fi
`;
