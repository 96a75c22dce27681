/**
 * Cuts the power of one command at every moment there is, in every way, lets the machine boot and carry on, and judges the laws
 * after the cut and after the end. One run of the command is enough: a machine can be asked what a cut would leave.
 */
import type { Outcome } from '../../../src/engine/machinery.ts';
import { judgeCut, type Before, type Law } from '../../../src/proof/laws.ts';
import { factsOf } from '../../../src/proof/simulated-facts.ts';
import type { SimulatedMachine } from '../../../src/system/simulated/machine.ts';
import { afterwards, beforeOf, carryOn } from './carry-on.ts';
import { endings, type Left } from './endings.ts';
import type { Story } from './stories.ts';

export interface Experiment {
  readonly story: Story;
  /** What is cut; the machine of the story by default is upgraded. */
  readonly run: (machine: SimulatedMachine) => Promise<Outcome>;
  /** Cutting begins at the moment that is called this; what is before is the same in another experiment. */
  readonly from?: string;
  /** How it ends when nothing is cut. */
  readonly ends: Outcome['outcome'];
  readonly sampling: Sampling;
  /** Shown every machine that has carried on to the end. */
  readonly finished?: (machine: SimulatedMachine) => void;
}

/** Everything that is cut is judged; of what is then carried on, one in so many. */
export interface Sampling {
  readonly carryOneIn: number;
  /** Of the runs that carry on, one in so many is cut again, at every moment. */
  readonly cutAgainOneIn: number;
  readonly carryAgainOneIn: number;
}

export interface Tally {
  /** Cuts and kills whose result was judged. */
  readonly cuts: number;
  readonly different: number;
  readonly carriedOn: number;
  readonly secondCuts: number;
  readonly secondCarriedOn: number;
  /** Law, sentence, and the moments it happened at; without repetition. */
  readonly violations: readonly string[];
}

export type Blame = (law: Law, sentence: string) => void;

/** What a moment left, with everything that is needed to go on from there. */
interface Remains {
  readonly left: Left;
  readonly where: string;
  /** Contents that ran so far: each of them may be the one that is kept. */
  readonly ran: readonly string[];
}

export async function crashMatrix(experiment: Experiment): Promise<Tally> {
  const { story, sampling } = experiment;
  const count = { cuts: 0, different: 0, carriedOn: 0, secondCuts: 0, secondCarriedOn: 0 };
  const violations = new Set<string>();
  const known = new Set<string>();
  const blameAt =
    (where: string): Blame =>
    (law, sentence) =>
      violations.add(`law ${law}: ${sentence} [${story.name}: ${where}]`);

  /** Judges everything this moment may leave; answers with what was not seen before. */
  const judge = (machine: SimulatedMachine, where: string, before: Before): readonly Left[] => {
    const all = endings(machine);
    for (const { cold, how } of all) {
      if (cold === undefined) continue;
      const found = judgeCut(factsOf(cold), before);
      for (const { law, sentence } of found) blameAt(`${where}; ${how}`)(law, sentence);
    }
    const fresh = all.filter(({ key }) => !known.has(key));
    for (const { key } of fresh) known.add(key);
    return fresh;
  };

  const machine = await story.begin();
  const before = beforeOf(machine, story);
  const goals = await afterwards(story);
  const firsts: Remains[] = [];
  let begun = experiment.from === undefined;
  machine.onMoment = (what, now) => {
    begun ||= what === experiment.from;
    if (!begun) return;
    const fresh = judge(now, what, before);
    count.cuts += 4;
    for (const left of fresh)
      firsts.push({ left, where: `${what}; ${left.how}`, ran: running(before) });
  };
  const whole = await experiment.run(machine);
  machine.onMoment = () => undefined;
  if (whole.outcome !== experiment.ends) {
    blameAt('uncut')(4, `it ended ${whole.outcome}: ${whole.error?.message ?? ''}`);
  }
  count.different = firsts.length;

  const seconds: Remains[] = [];
  const { finished, ends } = experiment;
  const given = {
    story,
    before,
    goals,
    finished,
    mayRollBack: ends !== 'completed' || story.mayEnd === 'undone',
  };
  for (const [index, { left, where, ran }] of firsts.entries()) {
    if (index % sampling.carryOneIn !== 0) continue;
    count.carriedOn += 1;
    const again = count.carriedOn % sampling.cutAgainOneIn === 0;
    const watch = (what: string, now: SimulatedMachine, since: Before): void => {
      const there = `${where}; then ${what}`;
      count.secondCuts += 4;
      for (const second of judge(now, there, since)) {
        const both = [...ran, ...running(since)];
        seconds.push({ left: second, where: `${there}; ${second.how}`, ran: both });
      }
    };
    const how = index % 2 === 0 ? 'resume' : 'same request';
    await carryOn({ ...given, left, ran, how, watch: again ? watch : undefined }, blameAt(where));
  }
  for (const [index, { left, where, ran }] of seconds.entries()) {
    if (index % sampling.carryAgainOneIn !== 0) continue;
    count.secondCarriedOn += 1;
    const how = count.secondCarriedOn % 2 === 0 ? 'resume' : 'same request';
    await carryOn({ ...given, left, ran, how, watch: undefined }, blameAt(where));
  }
  return { ...count, violations: [...violations] };
}

function running({ lastGood }: Before): readonly string[] {
  return lastGood === undefined ? [] : [lastGood];
}
