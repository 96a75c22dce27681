/** The way an operation took through its chart: which states it entered and what came of them, over which edges. Pure. */
import * as z from 'zod';
import type { EventRecord } from '../../state/records.ts';
import { foldOperation, next, type OperationState } from '../engine/fold.ts';
import type { ReadSegment } from './history-rows.ts';
import { workingTimes } from './working-time.ts';

export const pathStateSchema = z.object({
  name: z.string(),
  result: z
    .enum(['done', 'skipped', 'failed', 'reported', 'discarded', 'left', 'owed', 'reached'])
    .describe(
      'what came of it last; reported: failed without stopping the operation; discarded: to be built again; left: turned back from it',
    ),
  firstSeq: z.number().describe('record that led to it first'),
  lastSeq: z.number().describe('record that said last what came of it'),
  starts: z.number(),
  interruptions: z.number().describe('times that the operation stopped or died in it'),
  resumes: z.number(),
  durationMs: z.number().describe('working time from its starts to its results'),
  reason: z.string().exactOptional().describe('why it was skipped, failed, left or discarded'),
});

export const pathTakenSchema = z.object({
  states: z.array(pathStateSchema).describe('in the order in which they were entered first'),
  edges: z.array(
    z.object({
      from: z.string(),
      to: z.string(),
      event: z.string(),
      seq: z.number().describe('the record that led over it first'),
      times: z.number(),
    }),
  ),
  now: z.string().describe('the state it stands in'),
});

export type PathState = z.infer<typeof pathStateSchema>;
export type PathTaken = z.infer<typeof pathTakenSchema>;
type PathEdge = PathTaken['edges'][number];
type Changing<T> = { -readonly [K in keyof T]: T[K] };

/** `undefined` for a segment whose operation never began. */
export function pathTaken({ records }: ReadSegment): PathTaken | undefined {
  const times = workingTimes(records);
  const states = new Map<string, Changing<PathState>>();
  const edges = new Map<string, Changing<PathEdge>>();
  let state: OperationState | undefined;
  let begunAt: number | undefined;
  for (const [index, record] of records.entries()) {
    const before = state;
    state = before === undefined ? foldOperation([record]) : next(before, record);
    if (state === undefined) continue;
    const time = times[index] ?? 0;
    if (before === undefined) {
      enter(states, state.state, record.seq);
      continue;
    }
    const here = enter(states, before.state, record.seq);
    if (record.event.type === 'step.started') begunAt = time;
    if (begunAt !== undefined && ENDS.has(record.event.type)) {
      here.durationMs += time - begunAt;
      begunAt = undefined;
    }
    tell(here, record, before);
    if (state.state !== before.state) {
      enter(states, state.state, record.seq);
      const { seq, event } = record;
      cross(edges, { from: before.state, to: state.state, event: event.type, seq });
    }
  }
  if (state === undefined) return undefined;
  const last = enter(states, state.state, records.at(-1)?.seq ?? 0);
  if (state.owed === undefined) last.result = 'reached';
  else if (last.result !== 'failed') last.result = 'owed';
  return { states: [...states.values()], edges: [...edges.values()], now: state.state };
}

/** What changes what is told of a state. */
const TELLS = new Set([
  'step.started',
  'step.completed',
  'step.failed',
  'target.spoiled',
  'rollback.requested',
  'operation.interrupted',
  'operation.resumed',
]);

/** What ends the time that a step worked. */
const ENDS = new Set([
  'step.completed',
  'step.failed',
  'target.spoiled',
  'operation.interrupted',
  'operation.resumed',
  'rollback.requested',
]);

function enter(
  states: Map<string, Changing<PathState>>,
  name: string,
  firstSeq: number,
): Changing<PathState> {
  const known = states.get(name);
  if (known !== undefined) return known;
  const entered: PathState = {
    name,
    result: 'owed',
    firstSeq,
    lastSeq: firstSeq,
    starts: 0,
    interruptions: 0,
    resumes: 0,
    durationMs: 0,
  };
  states.set(name, entered);
  return entered;
}

function tell(
  here: Changing<PathState>,
  { event, seq }: EventRecord,
  before: OperationState,
): void {
  if (TELLS.has(event.type)) here.lastSeq = seq;
  switch (event.type) {
    case 'step.started':
      here.starts += 1;
      delete here.reason;
      return;
    case 'step.completed':
      here.result = event.how === 'skipped' ? 'skipped' : 'done';
      if (event.reason !== undefined) here.reason = event.reason;
      return;
    case 'step.failed':
      here.result = reports(before) ? 'reported' : 'failed';
      here.reason = event.error.message;
      return;
    case 'target.spoiled':
      here.result = 'discarded';
      here.reason = event.reason;
      return;
    case 'rollback.requested':
      if (here.result !== 'failed') here.result = 'left';
      here.reason ??= event.reason;
      return;
    case 'operation.interrupted':
      here.interruptions += 1;
      return;
    case 'operation.resumed':
      here.resumes += 1;
      // Nobody recorded that it stopped: the process before this one died.
      if (here.interruptions < here.resumes) here.interruptions = here.resumes;
      return;
    default:
  }
}

function reports({ started, owed }: OperationState): boolean {
  const step = started.plan.steps.find(({ name }) => name === owed?.step);
  return owed?.phase === 'run' && step?.onFailure === 'report';
}

function cross(edges: Map<string, Changing<PathEdge>>, edge: Omit<PathEdge, 'times'>): void {
  const key = `${edge.from}\n${edge.to}`;
  const known = edges.get(key) ?? { ...edge, times: 0 };
  known.times += 1;
  edges.set(key, known);
}
