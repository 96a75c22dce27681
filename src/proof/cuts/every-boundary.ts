import { cutAfterRecord, type Level } from './cut.ts';
import type { Rig } from './rig.ts';
import type { Scenario } from './scenario.ts';

export interface Tally {
  /** Records of the command when nothing cuts it. */
  readonly boundaries: number;
  readonly cuts: number;
  readonly violations: readonly string[];
}

/** Cuts a command after each of its records, or after one in so many, and tells the numbers. */
export async function cutAtEveryBoundary(
  rig: Rig,
  scenario: Scenario,
  { level, oneIn = 1 }: { readonly level: Level; readonly oneIn?: number },
): Promise<Tally> {
  const from = performance.now();
  const violations: string[] = [];
  let [next, end, cuts] = [1, Infinity, 0];
  const lane = async (): Promise<void> => {
    while (next < end) {
      const record = next;
      next += oneIn;
      const wrong = await cutAfterRecord(rig, scenario, level, record);
      if (wrong === 'uncut') {
        end = Math.min(end, record);
      } else {
        cuts += 1;
        violations.push(...wrong);
      }
    }
  };
  // Each cut has a machine of its own, and mostly waits for its disk.
  await Promise.all([lane(), lane()]);
  const tally = { boundaries: end - 1, cuts, violations };
  tell(tally, scenario, level, performance.now() - from);
  return tally;
}

function tell(tally: Tally, { name }: Scenario, level: Level, milliseconds: number): void {
  const { boundaries, cuts, violations } = tally;
  const how = level === 'process' ? 'SIGKILL' : 'power cut (ext4 shut down without flushing)';
  process.stdout.write(
    `${how}, ${name}: ${String(cuts)} cuts at up to ${String(boundaries)} recorded boundaries, ` +
      `${String(violations.length)} violations, ${(milliseconds / 1000).toFixed(0)} s\n`,
  );
}
