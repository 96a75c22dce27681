/** One operation from its first record to its last: time, what happened, how long it took; hook output indented below. */
import type { Timeline, TimelineEntry } from '../../inspect/operation-timeline.ts';
import { duration, moment } from './quantity.ts';
import { table } from './table.ts';
import { printable } from './width.ts';

/** `outline` leaves out starts and resources: what remains is what a person asks first. */
export function timelineText(timeline: Timeline, detail: 'outline' | 'everything'): string {
  const shown = timeline.entries.filter(
    ({ level }) => detail === 'everything' || level !== 'detail',
  );
  return [heading(timeline), '', ...shown.flatMap(entryLines), '', ending(timeline)].join('\n');
}

function heading(timeline: Timeline): string {
  const { operation, id, startedAt, tool, source, cause, slotsBefore, slotsAfter } = timeline;
  const facts = [
    ['started', `${moment(startedAt)} UTC`],
    ...(tool === undefined ? [] : [['tool', tool]]),
    ...(source === undefined ? [] : [['source', source]]),
    ...(cause === undefined ? [] : [['cause', cause]]),
    ...(slotsBefore === undefined ? [] : [['before', placesText(slotsBefore)]]),
    ...(slotsAfter === undefined ? [] : [['after', placesText(slotsAfter)]]),
  ];
  return `${operation} ${id}\n${table(facts, '  ')}`;
}

function placesText(places: Readonly<Record<string, string>>): string {
  const told = Object.entries(places).map(([slot, image]) => `${slot} ${image}`);
  return told.length === 0 ? 'no image' : told.join(', ');
}

function entryLines({ elapsedMs, text, durationMs, output, error }: TimelineEntry): string[] {
  const at = `+${(elapsedMs / 1000).toFixed(1)}s`.padStart(9);
  const took = durationMs === undefined ? '' : `  ${duration(durationMs)}`;
  const below = ' '.repeat(13);
  return [
    `${at}  ${printable(text)}${took}`,
    ...(output === undefined
      ? []
      : printable(output)
          .trimEnd()
          .split('\n')
          .map((line) => `${below}${line}`)),
    ...(error?.reason === undefined ? [] : [`${below}why:  ${error.reason}`]),
    ...(error?.hint === undefined ? [] : [`${below}next: ${error.hint}`]),
  ];
}

function ending({ outcome, owes, activeMs, processes }: Timeline): string {
  const parts = processes > 1 ? `, in ${processes} processes` : '';
  return owes === undefined
    ? `${outcome} after ${duration(activeMs)}${parts}`
    : `unfinished at ${owes} after ${duration(activeMs)}${parts}`;
}
