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
  let cuts = 0;
  for (let record = 1; ; record += oneIn) {
    const wrong = await cutAfterRecord(rig, scenario, level, record);
    if (wrong === 'uncut') {
      const boundaries = record - 1;
      tell({ boundaries, cuts, violations }, scenario, level, performance.now() - from);
      return { boundaries, cuts, violations };
    }
    cuts += 1;
    violations.push(...wrong);
  }
}

function tell(tally: Tally, { name }: Scenario, level: Level, milliseconds: number): void {
  const { boundaries, cuts, violations } = tally;
  const how = level === 'process' ? 'SIGKILL' : 'power cut (ext4 shut down without flushing)';
  process.stdout.write(
    `${how}, ${name}: ${String(cuts)} cuts at up to ${String(boundaries)} recorded boundaries, ` +
      `${String(violations.length)} violations, ${(milliseconds / 1000).toFixed(0)} s\n`,
  );
}
