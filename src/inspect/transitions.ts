/** A log folded record by record: where each one led. No effects; where it leads elsewhere than recorded, that is the answer. Pure. */
import * as z from 'zod';
import type { EventRecord } from '../../state/records.ts';
import { foldOperation, next, type OperationState } from '../engine/fold.ts';
import { describeEvent } from './describe-event.ts';
import { errorViewSchema } from './error-view.ts';
import { viewOf } from './history-rows.ts';
import { recordedError } from '../errors.ts';

export const transitionSchema = z.object({
  seq: z.number(),
  at: z.string(),
  event: z.string(),
  text: z.string(),
  level: z.enum(['info', 'detail', 'warning', 'error']),
  from: z.string().exactOptional().describe('state before it; absent before the first one'),
  to: z.string().exactOptional().describe('state after it'),
});

export const replayedSchema = z.object({
  transitions: z.array(transitionSchema),
  state: z.string().exactOptional().describe('where it ends'),
  owes: z.string().exactOptional().describe('what is to be done next'),
  error: errorViewSchema
    .extend({ seq: z.number().describe('record that cannot be followed') })
    .exactOptional(),
});

export type Transition = z.infer<typeof transitionSchema>;
export type Replayed = z.infer<typeof replayedSchema>;

/** `until`: number of the last record that is folded. */
export function replayed(records: readonly EventRecord[], until = Infinity): Replayed {
  const transitions: Transition[] = [];
  let state: OperationState | undefined;
  for (const record of records) {
    if (record.seq > until) break;
    const before = state?.state;
    try {
      state = state === undefined ? foldOperation([record]) : next(state, record);
    } catch (error) {
      const { seq } = record;
      return { transitions, ...endOf(state), error: { ...viewOf(recordedError(error)), seq } };
    }
    const { text, level } = describeEvent(record.event);
    transitions.push({
      seq: record.seq,
      at: record.at,
      event: record.event.type,
      text,
      level,
      ...(before === undefined ? {} : { from: before }),
      ...(state === undefined ? {} : { to: state.state }),
    });
  }
  return { transitions, ...endOf(state) };
}

function endOf(state: OperationState | undefined): Pick<Replayed, 'state' | 'owes'> {
  if (state === undefined) return {};
  const { owed, completed } = state;
  const owes =
    owed !== undefined
      ? `${owed.phase === 'undo' ? 'undo ' : ''}${owed.step}`
      : completed === undefined
        ? 'to close the operation'
        : undefined;
  return { state: state.state, ...(owes === undefined ? {} : { owes }) };
}
