import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
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
  place = await mkdtemp(path.join(tmpdir(), 'replay-'));
});
afterEach(() => rm(place, { recursive: true, force: true }));

async function upgraded(): Promise<SimulatedMachine> {
  const machine = newMachine({
    slots: { active: 'one', passive: 'zero', recovery: 'rescue' },
    sources: { '/new': sourceOf('two') },
  });
  await upgrade(machine, wishFor('/new'));
  return machine;
}

const cli = (machine: SimulatedMachine, line: string): Promise<CliResult> =>
  runCli(line, { services: simulatedServices(machine), host: { directory: place } });

const seqOf = (stdout: string, text: string): number => {
  const line = stdout.split('\n').find((one) => one.includes(text));
  return Number(/^ *(\d+)/.exec(line ?? '')?.[1]);
};

describe('replay', () => {
  it('shows each record and where it leads', async () => {
    const { exit, stdout } = await cli(await upgraded(), 'replay last');
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^upgrade sim\d+\n/);
    expect(stdout).toMatch(/\d+ {2}check-preconditions {2}-> verify-image\n/);
    expect(stdout).toMatch(/\d+ {2}set-active {2}-> set-passive\n/);
    expect(stdout).toContain('ends in completed\n');
  });

  it('stops at a record, and says what is owed there', async () => {
    const machine = await upgraded();
    const begun = seqOf((await cli(machine, 'replay last')).stdout, 'deploy-image begun');
    const { stdout } = await cli(machine, `replay last --until ${begun}`);
    expect(stdout).toContain('ends in deploy-image, and owes deploy-image\n');
    expect(stdout).not.toContain('set-active');
  });

  it('carries a log from elsewhere out again on a machine in memory', async () => {
    const machine = await upgraded();
    await rollback(machine);
    await cli(machine, 'history --export field.bundle');
    const elsewhere = newMachine({ slots: { active: 'other', recovery: 'rescue' } });
    const { exit, stdout } = await cli(elsewhere, 'replay ./field.bundle --on simulated');
    expect(stdout.match(/the same \d+ records in the same order/g)).toHaveLength(2);
    expect(exit).toBe(0);
    const { stdout: one } = await cli(elsewhere, 'replay field.bundle 1 --on simulated');
    expect(one).not.toContain('rollback');
  });

  it('tells another fate, and what the machine would start', async () => {
    const machine = await upgraded();
    const begun = seqOf((await cli(machine, 'replay last')).stdout, 'set-active begun');
    const { exit, stdout } = await cli(machine, `replay last --what-if ${begun}:power`);
    expect(exit).toBe(0);
    expect(stdout).toContain('(set-active begun), the power goes:');
    expect(stdout).toContain('completed, after "resume" once: as it was recorded');
    expect(stdout).toContain('the machine would start active\nno law would be broken');
  });

  it('says which records there are where another one is named', async () => {
    const machine = await upgraded();
    const [, last] = /(\d+) {2}.*\nends in/.exec((await cli(machine, 'replay last')).stdout) ?? [];
    const { exit, stderr } = await cli(machine, 'replay last --what-if 999:power');
    expect(exit).toBe(1);
    expect(stderr).toContain(`it is a record from 1 to ${last ?? 'none'}, and a fate`);
  });

  it('names the record that leads elsewhere than it says', async () => {
    const machine = await upgraded();
    await cli(machine, 'history --export changed.bundle');
    // Somebody who can seal bundles changes what a record says.
    const file = path.join(place, 'changed.bundle');
    const { encodeBundle, decodeBundle } = await import('../../state/bundle.ts');
    const { segments } = decodeBundle(await readFile(file), file);
    const changed = segments.map((segment) => ({
      ...segment,
      records: segment.records.map((record) =>
        record.event.type === 'step.completed' && record.event.step === 'verify-image'
          ? { ...record, event: { ...record.event, to: 'set-active' } }
          : record,
      ),
    }));
    const heading = { tool: 'x', madeAt: '2026-03-01T12:00:00.000Z' };
    await writeFile(
      file,
      encodeBundle(changed, heading, (record) => ({ record, parts: [] })),
    );
    const { exit, stdout } = await cli(machine, 'replay ./changed.bundle');
    expect(exit).toBe(97);
    expect(stdout).toMatch(/cannot be followed beyond record \d+\n/);
    expect(stdout).toMatch(
      /leads to "open-partitions" here, but was written as leading to "set-active"/,
    );
  });

  it.each([
    ['--what-if 12', '--what-if "12" cannot be understood'],
    ['--what-if 12:burn', '--what-if "12:burn" cannot be understood'],
    ['--what-if 99999:kill', '--what-if "99999:kill" cannot be understood'],
    ['--until soon', '--until "soon" cannot be understood'],
    ['--on paper', '--on cannot be "paper"'],
    ['one two', 'ID "two" cannot be understood'],
  ])('refuses "%s"', async (line, message) => {
    const { exit, stderr } = await cli(await upgraded(), `replay ${line}`);
    expect(exit).toBe(1);
    expect(stderr).toContain(message);
  });

  it('refuses a file that is no log', async () => {
    await writeFile(path.join(place, 'picture.png'), Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0a]));
    const { exit, stderr } = await cli(await upgraded(), 'replay picture.png');
    expect(exit).toBe(93);
    expect(stderr).toContain('picture.png is not an event log');
  });
});
