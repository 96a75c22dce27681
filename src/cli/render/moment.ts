/** The machine as it was right after one record. */
import type { Moment } from '../../inspect/moment.ts';
import { often } from '../../inspect/often.ts';
import { shortDigest } from '../../inspect/short-digest.ts';
import { moment } from './quantity.ts';
import { table } from './table.ts';
import { printable } from './width.ts';

export function momentText(at: Moment): string {
  const owed =
    at.owed === undefined
      ? 'nothing'
      : `${at.owed.phase === 'undo' ? 'undo ' : ''}${at.owed.step}` +
        (at.attempts > 1 ? `, begun ${often(at.attempts)} without a result` : '');
  const facts = [
    ['state', at.outcome === undefined ? (at.state ?? 'not begun') : at.outcome],
    ['owes', owed],
    ['holds', at.held.length === 0 ? 'nothing' : at.held.join(', ')],
    ...(at.generation > 1 ? [['target', `number ${at.generation}`]] : []),
    ...(at.bootedFrom === undefined ? [] : [['booted from', at.bootedFrom]]),
    ...(['active', 'passive', 'recovery'] as const).map((slot) => {
      const image = at.slots[slot];
      const parts = [
        image?.label,
        image?.digest === undefined ? undefined : shortDigest(image.digest),
        image?.source,
      ].filter((part) => part !== undefined);
      const inode = image === undefined ? 'not known' : `inode ${image.id}`;
      return [slot, [inode, ...parts].join('  ')];
    }),
  ];
  const variables = Object.entries(at.environment).map(([name, value]) => [name, value]);
  const read =
    at.environmentSeq === undefined ? 'not read yet' : `as read at record ${at.environmentSeq}`;
  return [
    `after record ${at.seq}, ${moment(at.at)} UTC: ${at.event} of ${at.operation} ${at.id}`,
    table(facts, '  '),
    '',
    `boot variables, ${read}:${variables.length === 0 ? ' none' : ''}`,
    ...(variables.length === 0 ? [] : [table(variables, '  ')]),
  ]
    .map(printable)
    .join('\n');
}
