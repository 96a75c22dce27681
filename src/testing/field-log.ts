/** A log to test with: of a field machine, by its file, or of a machine in memory. */
import type { EventRecord } from '../../state/records.ts';
import type { SourceLog } from '../../state/source-log.ts';
import { readLogAt } from '../../state/source-log.ts';
import type { ReadSegment } from '../inspect/history-rows.ts';
import { readingOf } from '../inspect/log-reading.ts';
import { operationNamed } from '../inspect/operation-named.ts';

export interface FieldLog {
  /** Oldest first. */
  readonly operations: readonly FieldOperation[];
  /** What is missing, was left out, or cannot be followed by this version; one sentence each. */
  readonly remarks: readonly string[];
  /** By its id, the beginning of one, its number, or `last`. Throws when none or several are meant. */
  operation(named: string): FieldOperation;
}

export interface FieldOperation {
  readonly id: string;
  /** Position in the history of its machine, from 1. */
  readonly number: number;
  /** `upgrade`, `reset`, ... */
  readonly operation: string;
  readonly records: readonly EventRecord[];
  readonly outcome: 'completed' | 'rolled-back' | 'unfinished';
  /** State of its machine after the last record; absent where this version cannot follow it. */
  readonly state: string | undefined;
}

/**
 * Reads and verifies a log: a copy of the directory `slotwright` of COS_STATE, one segment (`.jsonl`), or a bundle made by
 * `slotwright history --export`. Throws for what is damaged, with its place.
 */
export async function loadLog(path: string): Promise<FieldLog> {
  return logOf(await readLogAt(path));
}

/** The same of what was read otherwise. */
export function logOf(source: SourceLog): FieldLog {
  const { segments, remarks } = readingOf(source);
  return {
    operations: segments.map(operationOf),
    remarks,
    operation: (named) => operationOf(operationNamed(segments, named)),
  };
}

function operationOf({ id, number, operation, records, state }: ReadSegment): FieldOperation {
  const outcome = state?.completed?.outcome ?? 'unfinished';
  return { id, number, operation, records, outcome, state: state?.state };
}
