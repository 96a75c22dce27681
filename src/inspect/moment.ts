/**
 * The machine right after one record: what its operation had come to, what it held and owed, which image had which slot, and what
 * the boot loader read. A fold over the log up to that record; nothing is looked at on the disk. Pure.
 */
import * as z from 'zod';
import { projectRegistry } from '../../state/projections.ts';
import type { EventRecord, Inventory, LifecycleEvent } from '../../state/records.ts';
import { registrySchema } from '../../state/registry-schema.ts';
import type { SegmentRecords } from '../../state/segment.ts';
import { foldOperation, next, type OperationState } from '../engine/fold.ts';
import type { ReadSegment } from './history-rows.ts';

export const momentSchema = z.object({
  seq: z.number().describe('the record that this is right after'),
  at: z.string(),
  id: z.string().describe('operation that wrote the record'),
  operation: z.string(),
  event: z.string(),
  state: z.string().exactOptional().describe('of its machine; absent before it began'),
  owed: z
    .object({ step: z.string(), phase: z.enum(['run', 'undo']) })
    .exactOptional()
    .describe('absent in a final state'),
  outcome: z.enum(['completed', 'rolled-back']).exactOptional().describe('once it is closed'),
  held: z.array(z.string()).describe('resources, in the order of acquisition'),
  generation: z.number().describe('number of the target, from 1'),
  attempts: z.number().describe('starts of the owed step that came to no result'),
  slots: registrySchema.shape.slots.describe('images as far as the log knows them'),
  bootedFrom: z.string().exactOptional(),
  environment: z
    .record(z.string(), z.string())
    .describe('of the boot loader, as last read: at the start, at a resume, at the end'),
  environmentSeq: z.number().exactOptional().describe('record that the environment stands in'),
});

export type Moment = z.infer<typeof momentSchema>;

/** The moment right after record `seq`, seen by the operation that wrote it; `undefined` where no segment holds that record. */
export function momentAt(segments: readonly ReadSegment[], seq: number): Moment | undefined {
  const segment = segments.findLast(({ records }) => records.some((one) => one.seq === seq));
  if (segment === undefined) return undefined;
  const records = segment.records.filter((one) => one.seq <= seq);
  const record = records.at(-1);
  if (record === undefined) return undefined;
  return momentOf(segment, record, foldOperation(records), deviceAt(tellingOf(segments), seq));
}

/** The moment after every record of this segment, in one fold. */
export function momentsOf(segments: readonly ReadSegment[], segment: ReadSegment): Moment[] {
  const telling = tellingOf(segments);
  const places = telling
    .flatMap(({ records }) => records.map(({ seq }) => seq))
    .toSorted((a, b) => a - b);
  let state: OperationState | undefined;
  let device: DeviceMoment | undefined;
  let known = 0;
  return segment.records.map((record) => {
    state = state === undefined ? foldOperation([record]) : next(state, record);
    const told = places.findLast((seq) => seq <= record.seq) ?? 0;
    if (device === undefined || told !== known) device = deviceAt(telling, record.seq);
    known = told;
    return momentOf(segment, record, state, device);
  });
}

type DeviceMoment = Pick<Moment, 'slots' | 'bootedFrom' | 'environment' | 'environmentSeq'>;

function momentOf(
  { id, operation }: ReadSegment,
  { seq, at, event }: EventRecord,
  state: OperationState | undefined,
  device: DeviceMoment,
): Moment {
  return {
    seq,
    at,
    id,
    operation,
    event: event.type,
    ...(state === undefined ? {} : { state: state.state }),
    ...(state?.owed === undefined ? {} : { owed: { ...state.owed } }),
    ...(state?.completed === undefined ? {} : { outcome: state.completed.outcome }),
    held: [...(state?.held ?? [])],
    generation: state?.context.generation ?? 1,
    attempts: state?.context.attempts[state.state] ?? 0,
    ...device,
  };
}

/** The log without what says nothing of the device. */
function tellingOf(segments: readonly ReadSegment[]): readonly SegmentRecords[] {
  return segments.map((segment) => ({
    segment,
    records: segment.records.filter(({ event }) => tellsOfSlots(event)),
  }));
}

function deviceAt(telling: readonly SegmentRecords[], seq: number): DeviceMoment {
  const past = telling.map(({ segment, records }) => ({
    segment,
    records: records.filter((record) => record.seq <= seq),
  }));
  const last = past
    .flatMap(({ records }) => records.findLast(({ event }) => inventoryOf(event)) ?? [])
    .reduce<EventRecord | undefined>(
      (a, b) => (a !== undefined && a.seq > b.seq ? a : b),
      undefined,
    );
  const seen = last === undefined ? undefined : inventoryOf(last.event);
  return {
    slots: projectRegistry(past).slots,
    environment: { ...seen?.environment },
    ...(seen === undefined ? {} : { bootedFrom: seen.bootedFrom }),
    ...(last === undefined ? {} : { environmentSeq: last.seq }),
  };
}

function tellsOfSlots(event: LifecycleEvent): boolean {
  if (event.type === 'slots.changed-outside' || inventoryOf(event) !== undefined) return true;
  return event.type === 'step.completed' && event.phase === 'run';
}

function inventoryOf(event: LifecycleEvent): Inventory | undefined {
  return 'inventory' in event ? event.inventory : undefined;
}
