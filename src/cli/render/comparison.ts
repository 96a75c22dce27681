/** Two operations side by side; only what differs, and every step. */
import type { Comparison, StepSide } from '../../inspect/compare.ts';
import { duration } from './quantity.ts';
import { table } from './table.ts';
import { printable } from './width.ts';

export function comparisonText({ a, b, differences, steps }: Comparison): string {
  const title = (row: Comparison['a']): string => `${row.operation} ${row.id}`;
  const facts = differences.map((one) => [one.what, one.a || '-', one.b || '-']);
  return [
    differences.length === 0
      ? `${title(a)} and ${title(b)} were asked for and went alike`
      : table([['', title(a), title(b)], ...facts]),
    '',
    table([
      ['step', title(a), title(b)],
      ...steps.map((one) => [one.step, sideText(one.a), sideText(one.b)]),
    ]),
  ]
    .map(printable)
    .join('\n');
}

function sideText({ ended, ms }: StepSide): string {
  return ms === undefined ? ended : `${ended} in ${duration(ms)}`;
}
