/** A command whose disk fails at one request, what it says of that, and what becomes of it when the disk is whole again. */
import { rm } from 'node:fs/promises';
import type { Booted } from '../../sandbox/boot.ts';
import { copyDisk } from '../../sandbox/disk.ts';
import { cutPower } from '../../sandbox/power.ts';
import { slotThatBoots } from '../cuts/cut.ts';
import { RESUME, type Rig } from '../cuts/rig.ts';
import { begin, missed, type Ending, type Scenario } from '../cuts/scenario.ts';
import { judgeCut, judgeEnd, type DiskFacts, type Violation } from '../laws.ts';
import { failingDisk, type DiskFault } from './failing-disk.ts';

/** How a faulted command ended, for tallies. */
export interface Struck {
  readonly wrong: readonly string[];
  /** Requests that the disk refused. */
  readonly refusals: number;
  /** Exit code of the command. */
  readonly code: number;
  /** What the first line of its complaint says, without what differs from run to run. */
  readonly said: string;
}

/**
 * Runs the command with this fault, takes the power away, judges the disk; starts the machine with a disk that is whole again, resumes,
 * asks once more, and judges the end. `out of reach` when the command was done before.
 */
export async function failDuring(
  rig: Rig,
  scenario: Scenario,
  fault: DiskFault,
): Promise<Struck | 'out of reach'> {
  const below = await begin(rig, scenario, fault.at);
  const failing = await failingDisk(below, `${below.path}.failing`);
  try {
    const first = await rig.boot(failing.disk, scenario.slot ?? 'active');
    failing.arm(fault);
    const { code, stderr } = await first.run(scenario.command);
    const refusals = failing.struck();
    // What it has not written by now is not on the disk, whatever it said.
    await cutPower(first).finally(() => failing.end());
    if (refusals === 0) return 'out of reach';
    const wrong = code === 0 ? [] : unexplained(stderr);
    const copy = await copyDisk(below, `${below.path}.looked-at`);
    const facts = await rig.facts(copy);
    await rm(copy.path);
    wrong.push(...sentences(judgeCut(facts, scenario.before)));
    if (code === 0) wrong.push(...missed(facts, scenario.ends));
    const slot = scenario.slot ?? slotThatBoots(facts);
    if (slot === undefined) return struck([...wrong, 'nothing boots']);
    const second = await rig.boot(below, slot);
    wrong.push(...(await carriedOn(second, scenario)));
    await second.shutdown();
    const end = await rig.facts(below);
    wrong.push(...sentences(judgeEnd(end, scenario.before)), ...neither(end, scenario, facts));
    return struck(wrong);

    function struck(all: readonly string[]): Struck {
      const where = `${fault.of} ${String(fault.at)} ${fault.lasts}, ended with ${String(code)}`;
      const said = complaint(stderr);
      return { wrong: all.map((one) => `${where} (${said}): ${one}`), refusals, code, said };
    }
  } finally {
    await rm(below.path, { force: true });
  }
}

/** Whatever was recorded, a boot unit gets to an end, and then nothing is owed. */
async function carriedOn(booted: Booted, { ends }: Scenario): Promise<readonly string[]> {
  const outcome = await booted.run(RESUME);
  const rest = await booted.run([...RESUME, '--json']);
  const idle = /"outcome": *"nothing-to-do"/.test(rest.stdout);
  return [
    // An operation that failed for want of a disk is undone, and says with which code.
    ...(outcome.code === 0 || outcome.stderr.includes('next:')
      ? []
      : [`resume ended with ${String(outcome.code)}: ${outcome.stderr.trim()}`]),
    ...(idle && ends.exits.includes(rest.code)
      ? []
      : [`something is still owed: ${rest.stderr.trim()}`]),
  ];
}

/** Finished or undone, nothing between. */
function neither(end: DiskFacts, { ends, before }: Scenario, after: DiskFacts): readonly string[] {
  const was = (slot: string): string => before.facts.images[`${slot}.img`]?.content ?? '';
  const undone: Ending = { ...ends, active: was('active'), passive: was('passive') };
  const lost = missed(end, ends);
  if (lost.length === 0 || missed(end, undone).length === 0) return [];
  return [...lost, `after the fault there was ${Object.keys(after.images).join(' ')}`];
}

function unexplained(stderr: string): string[] {
  const error = /^(error|.*: error|slotwright: |elemental: )/m.test(stderr);
  const missing = ['next:'].filter((part) => !stderr.includes(part));
  return missing.length === 0 || error
    ? missing.map(
        (part) => `its error lacks "${part}": ${stderr.trim().split('\n').slice(-4).join(' / ')}`,
      )
    : [`it failed without a word: ${stderr.trim().slice(-300)}`];
}

function complaint(stderr: string): string {
  const lines = stderr
    .trim()
    .split('\n')
    .filter((line) => !line.startsWith('step '));
  return (lines[0] ?? '').slice(0, 160);
}

function sentences(violations: readonly Violation[]): string[] {
  return violations.map(({ law, sentence }) => `law ${String(law)}: ${sentence}`);
}
