/** A log as it was read for looking at: folded where it can be followed, with remarks where it cannot. Pure. */
import { foldOperation, type OperationState } from '../engine/fold.ts';
import * as z from 'zod';
import type { EventRecord, JsonValue } from '../../state/records.ts';
import type { SegmentRecords } from '../../state/segment.ts';
import type { SourceLog } from '../../state/source-log.ts';
import { misshapen } from './event-shape.ts';
import { historyRowSchema } from './history-row.ts';
import { historyRow, type ReadSegment } from './history-rows.ts';

export interface LogReading {
  /** Oldest first. */
  readonly segments: readonly ReadSegment[];
  /** What is missing, was left out, or cannot be followed; one sentence each. */
  readonly remarks: readonly string[];
}

export function readingOf({ segments, gaps, torn, redacted }: SourceLog): LogReading {
  const folded = segments.map(followed);
  return {
    segments: folded.map(({ segment }) => segment),
    remarks: [
      ...gaps.map(missing),
      ...(torn === undefined ? [] : [`it ends in half a record, as after a power cut: ${torn}`]),
      ...folded.flatMap(({ remark }) => remark ?? []),
      ...(redacted.length === 0 ? [] : [leftOut(redacted)]),
    ],
  };
}

function missing({ after, before }: SourceLog['gaps'][number]): string {
  const last = before - 1;
  const which = after + 1 === last ? `record ${last} is` : `records ${after + 1} to ${last} are`;
  return after === 0
    ? `it begins with record ${before}: what is older was pruned or not copied`
    : `${which} not in it`;
}

function leftOut(redacted: SourceLog['redacted']): string {
  const parts = redacted.flatMap((one) => one.parts);
  const output = parts.filter((part) => part === 'hook output').length;
  const others = parts.length - output;
  const what = [
    ...(output === 0 ? [] : [`the output of hooks in ${output} records`]),
    ...(others === 0 ? [] : [`${others} texts that looked like secrets`]),
  ];
  return `left out before it was sent: ${what.join(', ')}`;
}

interface Followed {
  readonly segment: ReadSegment;
  readonly remark?: string;
}

/** An operation that this version cannot follow must not hide the others. Folded when it is looked at, where the index knows what comes out. */
function followed(operation: SegmentRecords): Followed {
  const { segment, concluded } = operation;
  const known = concluded === undefined ? undefined : conclusion.safeParse(concluded).data;
  let read: ReturnType<typeof folded> | undefined;
  const fold = () => (read ??= folded(operation.records));
  const remark = known === undefined ? fold().remark : known.remark;
  return {
    segment: {
      ...segment,
      get records() {
        return operation.records;
      },
      get state() {
        return fold().state;
      },
      ...(known?.row === undefined ? {} : { row: known.row }),
    },
    ...(remark === undefined ? {} : { remark: `${segment.operation} ${segment.id}: ${remark}` }),
  };
}

const conclusion = z.object({
  row: historyRowSchema.exactOptional(),
  remark: z.string().exactOptional(),
});

/** What a list of operations needs of one, to be kept in the index of the log. */
export function conclude({ segment, records }: SegmentRecords): JsonValue {
  const { state, remark } = folded(records);
  return {
    ...(state === undefined ? {} : { row: { ...historyRow({ ...segment, records, state }) } }),
    ...(remark === undefined ? {} : { remark }),
  };
}

function folded(records: readonly EventRecord[]): {
  readonly state: OperationState | undefined;
  readonly remark?: string;
} {
  const odd = misshapen(records);
  if (odd !== undefined) {
    const what = `record ${odd.seq} (${odd.event.type}) does not say what such a record says`;
    return { state: undefined, remark: `${what}: another program or version wrote it` };
  }
  try {
    const state = foldOperation(records);
    return state === undefined ? { state, remark: 'its first record is not in it' } : { state };
  } catch (error) {
    return { state: undefined, remark: error instanceof Error ? error.message : String(error) };
  }
}
