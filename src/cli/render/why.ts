/** The causal chain in a few lines. */
import type { Why } from '../../inspect/why.ts';
import type { WhyOperation } from '../../inspect/why-operation.ts';
import { printable } from './width.ts';

export function whyText({ running, attempts, next, refused, retry }: Why): string {
  const starts = next.slot === 'nothing' ? 'starts nothing' : `starts ${next.slot}`;
  return [
    `${running}.`,
    ...attempts.map((attempt) => `  ${attempt}`),
    `the next boot ${starts}: ${next.why}.`,
    ...refused.flatMap((one) => [`refused now: ${one.what}: ${one.why}.`, `  ${one.retry}.`]),
    ...(retry === undefined ? [] : [`to go on: ${retry}.`]),
  ]
    .map(printable)
    .join('\n');
}

export function whyOperationText({ story, retry }: WhyOperation): string {
  return [
    ...story.map(({ seq, text }) => `${text}${seq === undefined ? '' : ` [record ${seq}]`}.`),
    ...(retry === undefined ? [] : [`to go on: ${retry}.`]),
  ]
    .map(printable)
    .join('\n');
}
