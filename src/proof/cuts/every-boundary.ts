import { cutAfterRecords, type Level } from './cut.ts';
import type { Rig } from './rig.ts';
import type { Scenario } from './scenario.ts';

export interface Tally {
  /** Records of the command when nothing cuts it. */
  readonly boundaries: number;
  readonly cuts: number;
  readonly violations: readonly string[];
}

export interface Cutting {
  readonly level: Level;
  /** The command is cut after each of its records, or after one in so many. */
  readonly oneIn?: number;
  /** What carries it on is cut as well, somewhere. Default: `the command`. */
  readonly cut?: 'the command' | 'the command and what carries it on';
}

/** Cuts a command at its recorded boundaries, and tells the numbers. */
export async function cutAtEveryBoundary(
  rig: Rig,
  scenario: Scenario,
  { level, oneIn = 1, cut = 'the command' }: Cutting,
): Promise<Tally> {
  const from = performance.now();
  const violations: string[] = [];
  let [next, end, cuts] = [1, Infinity, 0];
  const lane = async (): Promise<void> => {
    while (next < end) {
      const record = next;
      next += oneIn;
      const records = cut === 'the command' ? [record] : [record, secondAfter(record)];
      const judged = await cutAfterRecords(rig, scenario, level, records);
      if (judged === 'uncut') {
        end = Math.min(end, record);
      } else {
        cuts += judged.cuts;
        violations.push(...judged.wrong);
      }
    }
  };
  // Each cut has a machine of its own, and mostly waits for its disk.
  await Promise.all([lane(), lane()]);
  const tally = { boundaries: end - 1, cuts, violations };
  tell(tally, scenario, level, performance.now() - from);
  return tally;
}

/** What is left of an operation is shorter than the whole, and neighbours are cut at different places. */
function secondAfter(record: number): number {
  return 1 + ((record * 7) % 23);
}

function tell(tally: Tally, { name }: Scenario, level: Level, milliseconds: number): void {
  const { boundaries, cuts, violations } = tally;
  const how = level === 'process' ? 'SIGKILL' : 'power cut (ext4 shut down without flushing)';
  process.stdout.write(
    `${how}, ${name}: ${String(cuts)} cuts at up to ${String(boundaries)} recorded boundaries, ` +
      `${String(violations.length)} violations, ${(milliseconds / 1000).toFixed(0)} s\n`,
  );
}
