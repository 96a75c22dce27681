/** Crash matrices of one operation, what they judged together, and which transitions of its chart they took. */
import type { Outcome } from '../../../src/engine/machinery.ts';
import { factsNow } from '../../../src/proof/simulated-facts.ts';
import type { SimulatedMachine } from '../../../src/system/simulated/machine.ts';
import type { EventRecord } from '../../../state/records.ts';
import { transitionsTaken } from './chart-coverage.ts';
import { crashMatrix, type Experiment, type Sampling, type Tally } from './crash-matrix.ts';
import type { Story } from './stories.ts';

export const ALL: Sampling = { carryOneIn: 1, cutAgainOneIn: 40, carryAgainOneIn: 20 };
export const SOME: Sampling = { carryOneIn: 4, cutAgainOneIn: 20, carryAgainOneIn: 20 };
export const FEW: Sampling = { carryOneIn: 9, cutAgainOneIn: 1000, carryAgainOneIn: 1 };

export interface Proof {
  /** Cuts this command everywhere; answers with the violations. */
  matrix(
    story: Story,
    run: (machine: SimulatedMachine) => Promise<Outcome>,
    how: Pick<Experiment, 'from' | 'ends' | 'sampling'>,
  ): Promise<readonly string[]>;
  readonly taken: ReadonlySet<string>;
  /** One line: how much was judged. */
  tell(): void;
}

export function createProof(name: string): Proof {
  const tallies: Tally[] = [];
  const taken = new Set<string>();
  const spoiled = new Set<string>();

  const note = (records: readonly EventRecord[]): void => {
    for (const transition of transitionsTaken(records)) taken.add(transition);
  };
  /** Going back to an earlier step, or all the way because another system runs, happens in recoveries alone. */
  const noteSpoiled = (machine: SimulatedMachine): void => {
    for (const records of logOf(machine)) {
      const steps = records.flatMap(({ event }) => {
        if (event.type === 'rollback.requested') return [event.type];
        return event.type === 'target.spoiled' ? [event.step] : [];
      });
      if (steps.every((step) => spoiled.has(step))) continue;
      for (const step of steps) spoiled.add(step);
      note(records);
    }
  };

  return {
    taken,
    async matrix(story, run, how) {
      let last: SimulatedMachine | undefined;
      const tally = await crashMatrix({
        story,
        run: async (machine) => {
          last = machine;
          return run(machine);
        },
        ...how,
        finished: noteSpoiled,
      });
      tallies.push(tally);
      if (last !== undefined) for (const records of logOf(last)) note(records);
      return tally.violations;
    },
    tell() {
      const sum = (of: (tally: Tally) => number): number =>
        tallies.reduce((total, tally) => total + of(tally), 0);
      const judged = sum(({ cuts, secondCuts }) => cuts + secondCuts);
      const carried = sum(({ carriedOn, secondCarriedOn }) => carriedOn + secondCarriedOn);
      const seconds = sum(({ secondCuts }) => secondCuts);
      process.stdout.write(
        `crash model, ${name}: ${judged} cuts judged (${seconds} of them in a recovery), ${carried} carried on\n`,
      );
    },
  };
}

export function logOf(machine: SimulatedMachine): readonly (readonly EventRecord[])[] {
  const { log } = factsNow(machine);
  return 'damage' in log ? [] : log;
}
