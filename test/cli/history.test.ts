import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SimulatedMachine } from '../../src/system/simulated/machine.ts';
import { newMachine } from '../../src/system/simulated/new-machine.ts';
import { sourceOf } from '../../src/system/simulated/sources.ts';
import { rollback, upgrade, wishFor } from '../support/simulated/commands.ts';
import { runCli, type CliResult } from './run-cli.ts';
import { simulatedServices } from './simulated-services.ts';

let place: string;
beforeEach(async () => {
  place = await mkdtemp(path.join(tmpdir(), 'history-'));
});
afterEach(() => rm(place, { recursive: true, force: true }));

/** An upgrade, one whose hook fails, and the way back. */
async function experienced(): Promise<SimulatedMachine> {
  const machine = newMachine({
    slots: { active: 'one', passive: 'zero', recovery: 'rescue' },
    sources: { '/new': sourceOf('two'), '/newer': sourceOf('three') },
    files: { '/oem/install.yaml': 'stages: {}' },
    bootVariables: { saved_entry: 'cos' },
    hooks: [
      {
        stage: 'after-upgrade-chroot',
        source: '/oem/install.yaml',
        step: 'install vim',
        outputs: ['token: abcdef012345\n'],
        fails: 'no such package',
      },
    ],
  });
  await upgrade(machine, wishFor('/new'));
  await upgrade(machine, wishFor('/newer', { strict: true }));
  await rollback(machine);
  return machine;
}

const cli = (machine: SimulatedMachine, line: string): Promise<CliResult> =>
  runCli(line, { services: simulatedServices(machine), host: { directory: place } });

const json = async (machine: SimulatedMachine, line: string): Promise<Record<string, unknown>> =>
  JSON.parse((await cli(machine, `${line} --json`)).stdout) as Record<string, unknown>;

describe('the history', () => {
  it('says of each operation which image had which slot before and after it', async () => {
    const machine = await experienced();
    interface Row {
      readonly slotsBefore: Readonly<Record<string, string>>;
      readonly slotsAfter: Readonly<Record<string, string>>;
    }
    const rows = (await json(machine, 'history'))['operations'] as Row[];
    const [first, undone, back] = rows;
    expect(first?.slotsAfter['active']).toMatch(/^[0-9a-f]{12}$/);
    expect(first?.slotsAfter['passive']).toBe(first?.slotsBefore['active']);
    expect(undone?.slotsAfter).toEqual(undone?.slotsBefore);
    expect(back?.slotsAfter['active']).not.toBe(back?.slotsBefore['active']);
    const { stdout } = await cli(machine, 'history 1');
    expect(stdout).toMatch(/\n {2}before +active inode \d+, passive inode \d+/);
    expect(stdout).toMatch(/\n {2}after +active [0-9a-f]{12}, passive inode \d+/);
  });

  it('is filtered by operation, outcome, time and number', async () => {
    const machine = await experienced();
    const numbers = async (line: string) =>
      ((await json(machine, `history ${line}`))['operations'] as { number: number }[]).map(
        ({ number }) => number,
      );
    expect(await numbers('')).toEqual([1, 2, 3]);
    expect(await numbers('--operation upgrade')).toEqual([1, 2]);
    expect(await numbers('--outcome rolled-back')).toEqual([2]);
    expect(await numbers('--last 1')).toEqual([3]);
    expect(await numbers('--since 2100-01-01')).toEqual([]);
    expect(await numbers('--since 1970')).toEqual([1, 2, 3]);
  });

  it.each([
    ['--last few', '--last "few" cannot be understood'],
    ['--since yesterday', '--since "yesterday" cannot be understood'],
    ['--at x', '--at "x" cannot be understood'],
    ['--at 99999', '--at "99999" cannot be understood'],
    ['1 --at 1000', '--at "1000" cannot be understood'],
    ['diff 1', 'diff "1" cannot be understood'],
    ['1 2', 'ID "1" cannot be understood'],
    ['nobody', 'no operation of this device is named "nobody"'],
    ['diff 1 nobody', 'no operation of this device is named "nobody"'],
    ['--outcome good', '--outcome cannot be "good"'],
  ])('refuses "%s"', async (line, message) => {
    const { exit, stderr, stdout } = await cli(await experienced(), `history ${line}`);
    expect({ exit, stdout }).toEqual({ exit: 1, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('says what was held and owed, and who was in which slot, at any record', async () => {
    const machine = await experienced();
    const timeline = await json(machine, 'history 1');
    const entries = timeline['entries'] as { seq: number; text: string }[];
    const begun = entries.find(({ text }) => text.startsWith('deploy-image begun'));
    const { stdout } = await cli(machine, `history --at ${begun?.seq ?? 0}`);
    expect(stdout).toMatch(/state +deploy-image\n/);
    expect(stdout).toMatch(/owes +deploy-image\n/);
    expect(stdout).toMatch(/booted from +active\n/);
    const last = entries.at(-1)?.seq ?? 0;
    const end = (await json(machine, `history --at ${last}`))['moment'];
    expect(end).toMatchObject({ outcome: 'completed', held: [] });
  });

  it('compares two operations: what was asked, and how each step ended', async () => {
    const machine = await experienced();
    const { stdout } = await cli(machine, 'history diff 1 2');
    expect(stdout).toMatch(/request\.source\.uri +dir:\/\/\/new +dir:\/\/\/newer\n/);
    expect(stdout).toMatch(/outcome +completed +rolled-back\n/);
    expect(stdout).toMatch(/request\.strict +false +true\n/);
    expect(stdout).toMatch(/set-active +done in [\d.]+ s +not reached\n/);
  });

  it('finds no difference between an operation and itself', async () => {
    const { stdout } = await cli(await experienced(), 'history diff 1 1');
    expect(stdout).toContain('were asked for and went alike');
  });

  it('is verified as a whole', async () => {
    const machine = await experienced();
    const { exit, stdout } = await cli(machine, 'history --verify');
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^\d+ records \(1 to \d+\): every one has its hash/);
    expect(stdout).toContain('3 operations: every transition leads where it was recorded');
  });
});

describe('a bundle of the history', () => {
  it('tells another machine the same, without what hooks printed', async () => {
    const machine = await experienced();
    const saved = await cli(machine, 'history --export field.bundle');
    expect(saved.stdout).toContain('field.bundle');
    const elsewhere = newMachine({ slots: { active: 'other', recovery: 'rescue' } });
    const here = await json(machine, 'history');
    expect(await json(elsewhere, 'history --from field.bundle')).toEqual(here);
    const { stdout } = await cli(elsewhere, 'history 1 --from field.bundle --debug');
    expect(stdout).toContain('[left out: 20 characters]');
    expect(await readFile(path.join(place, 'field.bundle'), 'utf8')).not.toContain('abcdef');
    const { stdout: verdict } = await cli(elsewhere, 'history --verify --from field.bundle');
    expect(verdict).toContain('but left out before it was sent: the output of hooks in 2 records');
  });

  it('of one operation names what went before as missing', async () => {
    const machine = await experienced();
    await cli(machine, 'history 2 --export one.bundle');
    const { stdout } = await cli(machine, 'history --verify --from one.bundle');
    expect(stdout).toMatch(/but it begins with record \d+/);
    expect(stdout).toContain('1 operations');
  });

  it('masks secrets also where the output is wanted', async () => {
    const machine = await experienced();
    await cli(machine, 'history --export out.bundle --with-output');
    const text = await readFile(path.join(place, 'out.bundle'), 'utf8');
    expect(text).toContain('token: [masked]');
  });

  it('is readable for its owner only, and replaces nothing', async () => {
    const machine = await experienced();
    await cli(machine, 'history --export mine.bundle');
    expect((await stat(path.join(place, 'mine.bundle'))).mode & 0o777).toBe(0o600);
    const { exit, stderr } = await cli(machine, 'history --export mine.bundle');
    expect(exit).toBe(25);
    expect(stderr).toContain('mine.bundle exists');
  });

  it('that was changed on the way is refused', async () => {
    const machine = await experienced();
    await cli(machine, 'history --export sent.bundle');
    const file = path.join(place, 'sent.bundle');
    await writeFile(file, (await readFile(file, 'utf8')).replace('set-active', 'set-aktive'));
    const { exit, stderr } = await cli(machine, 'history --from sent.bundle');
    expect(exit).toBe(93);
    expect(stderr).toMatch(/the bundle is damaged: \S+, line \d+\n/);
  });
});
