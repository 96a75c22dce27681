/** Everything one operation did, in order, with durations, hook output and errors. */
import * as z from 'zod';
import { errorViewSchema } from './error-view.ts';
import type { EventRecord } from '../../state/records.ts';
import { describeEvent } from './describe-event.ts';
import { historyRowSchema } from './history-row.ts';
import { historyRow, type ReadSegment } from './history-rows.ts';
import { workingTimes } from './working-time.ts';

const jsonSchema = z.json();

export const timelineEntrySchema = z.object({
  seq: z.number(),
  at: z.string(),
  elapsedMs: z.number().describe('working time since the start of the operation'),
  event: z.string(),
  level: z.enum(['info', 'detail', 'warning', 'error']),
  text: z.string(),
  state: z.string().exactOptional().describe('state of the machine after it'),
  durationMs: z.number().exactOptional(),
  bytes: z.number().exactOptional().describe('that the step says it wrote or put in place'),
  output: z.string().exactOptional().describe('what a hook printed'),
  error: errorViewSchema.exactOptional(),
});

export type TimelineEntry = z.infer<typeof timelineEntrySchema>;

export const timelineSchema = historyRowSchema.extend({
  tool: z.string().exactOptional().describe('version that planned it'),
  key: z.string().exactOptional().describe('names what would be installed'),
  plan: z.array(z.object({ name: z.string(), title: z.string(), pivot: z.boolean() })),
  request: jsonSchema,
  entries: z.array(timelineEntrySchema),
});

export type Timeline = z.infer<typeof timelineSchema>;

/** The whole story of one segment. */
export function operationTimeline(segment: ReadSegment): Timeline {
  const { records, state } = segment;
  const plan = state?.started.plan;
  const times = workingTimes(records);
  return {
    ...historyRow(segment),
    plan: (plan?.steps ?? []).map(({ name, title }) => ({
      name,
      title,
      pivot: name === plan?.pivot,
    })),
    request: jsonSchema.parse(state?.started.request ?? null),
    ...(state === undefined ? {} : { tool: state.started.tool, key: state.started.key }),
    entries: records.map((record, index) => entryOf(record, index, { records, times })),
  };
}

interface Surroundings {
  readonly records: readonly EventRecord[];
  readonly times: readonly number[];
}

function entryOf(
  { seq, at, event }: EventRecord,
  index: number,
  { records, times }: Surroundings,
): TimelineEntry {
  const elapsedMs = times[index] ?? 0;
  const begun = beginningOf(event, index, records);
  const { text, level, output, error } = describeEvent(event);
  return {
    seq,
    at,
    elapsedMs,
    event: event.type,
    level,
    text,
    ...('to' in event ? { state: event.to } : {}),
    ...(begun === undefined ? {} : { durationMs: elapsedMs - (times[begun] ?? 0) }),
    ...bytesIn(event),
    ...(output === undefined ? {} : { output }),
    ...(error === undefined ? {} : { error }),
  };
}

const sized = z.object({ bytes: z.number() });

function bytesIn(event: EventRecord['event']): Pick<TimelineEntry, 'bytes'> {
  if (event.type !== 'step.completed') return {};
  const known = sized.safeParse(event.output);
  return known.success ? { bytes: known.data.bytes } : {};
}

/** Index of the start that this record ends. */
function beginningOf(
  event: EventRecord['event'],
  index: number,
  records: readonly EventRecord[],
): number | undefined {
  if (event.type !== 'step.completed' && event.type !== 'step.failed') return undefined;
  const found = records
    .slice(0, index)
    .findLastIndex(
      ({ event: before }) =>
        before.type === 'step.started' &&
        before.step === event.step &&
        before.phase === event.phase,
    );
  return found === -1 ? undefined : found;
}
