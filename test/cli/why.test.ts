/** `why`, of the machine and of one operation, as a person reads it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/exit-codes.ts';
import { boot } from '../../src/system/simulated/cold-machine.ts';
import type { SimulatedMachine } from '../../src/system/simulated/machine.ts';
import { newMachine } from '../../src/system/simulated/new-machine.ts';
import { sourceOf } from '../../src/system/simulated/sources.ts';
import { abort, assess, resume, upgrade, wishFor } from '../support/simulated/commands.ts';
import { runCli, type CliResult } from './run-cli.ts';
import { simulatedServices } from './simulated-services.ts';

let place: string;
beforeEach(async () => {
  place = await mkdtemp(path.join(tmpdir(), 'why-'));
});
afterEach(() => rm(place, { recursive: true, force: true }));

const CONFIRMS = { '/etc/slotwright/confirm': '' };
const UNWELL = { ...CONFIRMS, '/etc/slotwright/health.d/10-net': 'no route' };

function machineWith(): SimulatedMachine {
  return newMachine({
    slots: { active: 'one', passive: 'zero', recovery: 'rescue' },
    menu: 'counts',
    sources: { '/new': sourceOf('two', CONFIRMS), '/unwell': sourceOf('bad', UNWELL) },
  });
}

const cli = (machine: SimulatedMachine, line: string): Promise<CliResult> =>
  runCli(line, { services: simulatedServices(machine), host: { directory: place } });

/** The machine as it is when this has become durable: its process is killed, or its power goes. */
async function stoppedAt(
  moment: string,
  how: 'kill' | 'power',
  machine = machineWith(),
): Promise<SimulatedMachine> {
  let left: SimulatedMachine | undefined;
  machine.onMoment = (what, now) => {
    if (what.startsWith(moment)) left ??= how === 'kill' ? now.kill() : boot(now.shutDown());
  };
  await upgrade(machine, wishFor('/new'));
  if (left === undefined) throw new Error(`there was no "${moment}"`);
  return left;
}

const IN_COPY = 'append step.started deploy-image: durable';

describe('why an operation went as it did', () => {
  it('says where its process died, that it started over, and how it ended', async () => {
    const machine = await stoppedAt(IN_COPY, 'kill');
    await resume(machine);
    const { exit, stdout } = await cli(machine, 'why last');
    expect(exit).toBe(0);
    expect(stdout).toMatch(
      /^its process ended after record \d+ in deploy-image without a word: it was killed, or crashed; it went on at \S+ \[record \d+\]\.$/m,
    );
    expect(stdout).toMatch(
      /^it started over with a new target \(number 2\): .+ \[record \d+\]\.$/m,
    );
    expect(stdout).toMatch(/^upgrade \S+ from dir:\/\/\/new was completed, continued once/m);
  });

  it('tells a machine that went down from a process that was killed', async () => {
    const machine = await stoppedAt(IN_COPY, 'power');
    await resume(machine);
    expect((await cli(machine, 'why last')).stdout).toMatch(
      /^the machine went down after record \d+ in deploy-image: it lost power, or was restarted/m,
    );
  });

  it('says who asked for its undoing', async () => {
    const machine = await stoppedAt(IN_COPY, 'kill');
    await abort(machine);
    const { stdout } = await cli(machine, 'why last');
    expect(stdout).toContain('it turned back, because somebody asked for it');
    expect(stdout).toMatch(/upgrade \S+ from dir:\/\/\/new was undone/);
  });

  it('says why it was refused in its first step, and what to do about it', async () => {
    const machine = newMachine({
      slots: { active: 'one', passive: 'zero', recovery: 'rescue' },
      stateBytes: 700 * 2 ** 20,
      sources: { '/new': sourceOf('two') },
    });
    await upgrade(machine, wishFor('/new'));
    const { stdout } = await cli(machine, 'why last');
    expect(stdout).toMatch(
      /^check-preconditions failed: the state partition has \d+ MiB free, the new image needs \d+ MiB .+ \[record \d+\]\.$/m,
    );
    expect(stdout).toMatch(/^to go on: use a smaller image, .+\.$/m);
  });

  it('is told of a machine elsewhere, by its bundle', async () => {
    const machine = await stoppedAt(IN_COPY, 'power');
    await resume(machine);
    const here = await cli(machine, 'why last');
    await cli(machine, 'history --export field.bundle');
    const there = await cli(
      newMachine({ slots: { active: 'other' } }),
      'why last --from field.bundle',
    );
    expect(there.stdout).toBe(here.stdout);
  });

  it.each([
    ['why --from x.bundle', 'an operation as well'],
    ['why nothing-like-it', 'no operation of this device is named'],
  ])('refuses "%s"', async (line, says) => {
    const { exit, stderr } = await cli(machineWith(), line);
    expect(exit).toBe(EXIT.usage);
    expect(stderr).toContain(says);
  });
});

describe('what would be refused now', () => {
  it('is nothing on a machine that owes nothing', async () => {
    const { stdout } = await cli(machineWith(), 'why');
    expect(stdout).not.toContain('refused');
  });

  it('is every other operation while one is unfinished', async () => {
    const { stdout } = await cli(await stoppedAt(IN_COPY, 'kill'), 'why');
    expect(stdout).toMatch(
      /refused now: every other operation: upgrade \S+ from dir:\/\/\/new is unfinished and owes deploy-image\.\n {2}"resume" goes on with it/,
    );
  });

  it('is an upgrade while the running system is on trial', async () => {
    const machine = machineWith();
    await upgrade(machine, wishFor('/new'));
    const { stdout } = await cli(rebooted(machine), 'why');
    expect(stdout).toMatch(
      /installed by upgrade \S+ from dir:\/\/\/new \(image sha256 [0-9a-f]{12}\)/,
    );
    expect(stdout).toContain('refused now: an upgrade: the system that runs is on trial');
  });

  it('is the image that was given up, until it is confirmed after all', async () => {
    let machine = machineWith();
    await upgrade(machine, wishFor('/unwell'));
    for (let boots = 0; boots < 4; boots += 1) {
      machine = rebooted(machine);
      await assess(machine);
    }
    const { stdout } = await cli(machine, 'why');
    expect(stdout).toMatch(
      /refused now: the image of upgrade \S+ from dir:\/\/\/unwell: it was installed before, started 3 times, and given up unconfirmed\./,
    );
    await upgrade(machine, wishFor('/unwell', { again: 'yes' }));
    machine = rebooted(machine);
    await assess(machine, { by: 'hand' });
    expect((await cli(machine, 'why')).stdout).not.toContain('refused now: the image');
  });
});

function rebooted(machine: SimulatedMachine): SimulatedMachine {
  const next = boot(machine.shutDown());
  if (next === undefined) throw new Error('nothing boots');
  return next;
}
