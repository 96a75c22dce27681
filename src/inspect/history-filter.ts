/** Which lines of the history are asked for. Pure. */
import type { HistoryRow } from './history-row.ts';

export interface HistoryFilter {
  readonly operation?: string;
  readonly outcome?: HistoryRow['outcome'];
  /** RFC 3339, or the beginning of one: a day. */
  readonly since?: string;
  /** The newest so many. */
  readonly last?: number;
}

export function filtered(
  rows: readonly HistoryRow[],
  { operation, outcome, since, last = rows.length }: HistoryFilter,
): readonly HistoryRow[] {
  const asked = rows.filter(
    (row) =>
      (operation === undefined || row.operation === operation) &&
      (outcome === undefined || row.outcome === outcome) &&
      (since === undefined || (row.startedAt ?? '') >= since),
  );
  return last === 0 ? [] : asked.slice(-last);
}
