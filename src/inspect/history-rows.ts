/** One line for each segment of the log, oldest first. */
import * as z from 'zod';
import type { EventRecord, JsonValue, SegmentName, SlotFacts } from '../../state/records.ts';
import type { RecordedError } from '../errors.ts';
import type { OperationState } from '../engine/fold.ts';
import { hookFailures } from '../engine/hook-failures.ts';
import type { HistoryRow } from './history-row.ts';
import { shortDigest } from './short-digest.ts';
import { workingTimes } from './working-time.ts';

/** A segment as a session reads it: `state` is its fold, absent when its operation never began. */
export interface ReadSegment extends SegmentName {
  readonly records: readonly EventRecord[];
  readonly state: OperationState | undefined;
  /** What {@link historyRow} says of it, where that is known already. */
  readonly row?: HistoryRow;
}

export function historyRows(segments: readonly ReadSegment[]): HistoryRow[] {
  return segments
    .filter((segment) => segment.row !== undefined || segment.state !== undefined)
    .map(historyRow);
}

export function historyRow(segment: ReadSegment): HistoryRow {
  return segment.row ?? rowOf(segment);
}

function rowOf({ number, id, operation, records, state }: ReadSegment): HistoryRow {
  const first = records.find(({ event }) => event.type === 'operation.started');
  const last = records.findLast(({ event }) => event.type === 'operation.completed');
  const outcome = state?.completed?.outcome ?? 'unfinished';
  const failure = outcome === 'completed' ? undefined : state?.context.failure?.error;
  const source = sourceOf(state?.started.request);
  const cause = state?.started.cause;
  const seen = records.flatMap(({ event }) =>
    'inventory' in event ? [event.inventory.slots] : [],
  );
  const [before, after] = [seen[0], seen.at(-1)];
  return {
    number,
    id,
    operation,
    outcome,
    activeMs: workingTimes(records).at(-1) ?? 0,
    processes: 1 + records.filter(({ event }) => event.type === 'operation.resumed').length,
    reported: state?.context.reported.length ?? 0,
    failedHooks: hookFailures(records).length,
    ...(first === undefined ? {} : { startedAt: first.at }),
    ...(last === undefined ? {} : { endedAt: last.at }),
    ...(source === undefined ? {} : { source }),
    ...(cause === undefined ? {} : { cause }),
    ...(outcome === 'unfinished' && state !== undefined ? { owes: state.state } : {}),
    ...(before === undefined ? {} : { slotsBefore: placesOf(before, {}) }),
    ...(after === undefined ? {} : { slotsAfter: placesOf(after, state?.context.outputs ?? {}) }),
    ...(failure === undefined ? {} : { error: viewOf(failure) }),
  };
}

const sealed = z.object({ id: z.string(), digest: z.string() });

/** Images as people compare them; what the operation itself put in place has a digest. */
function placesOf(
  slots: readonly SlotFacts[],
  outputs: Readonly<Record<string, unknown>>,
): Record<string, string> {
  const made = Object.values(outputs).flatMap((output) => sealed.safeParse(output).data ?? []);
  return Object.fromEntries(
    slots.map(({ slot, id, digest }) => {
      const known = digest ?? made.find((image) => image.id === id)?.digest;
      return [slot, known === undefined ? `inode ${id}` : shortDigest(known)];
    }),
  );
}

/** A recorded error without absent parts, as the JSON output has it. */
export function viewOf(error: RecordedError): RecordedError {
  return { ...error };
}

const requestWithSource = z.object({ source: z.object({ uri: z.string() }) });

function sourceOf(request: JsonValue | undefined): string | undefined {
  const known = requestWithSource.safeParse(request);
  return known.success ? known.data.source.uri : undefined;
}
