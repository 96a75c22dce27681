/** The list of operations, newest last, as a terminal shows the end. */
import type { HistoryRow } from '../../inspect/history-row.ts';
import { duration, moment } from './quantity.ts';
import { table } from './table.ts';

export function historyText(rows: readonly HistoryRow[], program: string): string {
  if (rows.length === 0) return 'nothing was done to this machine yet';
  const heading = ['#', 'id', 'operation', 'started (UTC)', 'took', 'outcome', 'source or cause'];
  const last = rows.at(-1);
  return [
    table([heading, ...rows.map(cells)]),
    '',
    last?.outcome === 'unfinished'
      ? `next: "${program} resume" continues ${last.operation} ${last.id}`
      : `"${program} history ID" shows one step by step`,
  ].join('\n');
}

function cells(row: HistoryRow): string[] {
  return [
    String(row.number),
    row.id,
    row.operation,
    moment(row.startedAt),
    duration(row.activeMs),
    outcomeOf(row),
    row.source ?? (row.cause === undefined ? '' : `caused by ${row.cause}`),
  ];
}

function outcomeOf({ outcome, owes, reported, failedHooks, error }: HistoryRow): string {
  if (owes !== undefined) return `unfinished at ${owes}`;
  if (failedHooks > 0 && error === undefined)
    return `${outcome}, ${failedHooks} ${failedHooks === 1 ? 'failure' : 'failures'} of hooks`;
  if (reported > 0) return `${outcome}, ${reported} failed`;
  return error === undefined ? outcome : `${outcome} (${error.code})`;
}
