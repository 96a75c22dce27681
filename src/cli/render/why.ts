/** The causal chain in a few lines. */
import type { Why } from '../../inspect/why.ts';
import { printable } from './width.ts';

export function whyText({ running, attempts, next, retry }: Why): string {
  const starts = next.slot === 'nothing' ? 'starts nothing' : `starts ${next.slot}`;
  return [
    `${running}.`,
    ...attempts.map((attempt) => `  ${attempt}`),
    `the next boot ${starts}: ${next.why}.`,
    ...(retry === undefined ? [] : [`to go on: ${retry}.`]),
  ]
    .map(printable)
    .join('\n');
}
