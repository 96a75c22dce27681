/**
 * From records to state: the only way anybody learns how far an operation is. Pure, and the same on every machine and in
 * every later version (law 7): the machine comes from the plan in the first record, and each record says where it must land.
 */
import { initialTransition, transition } from 'xstate';
import * as z from 'zod';
import type { EventRecord, LifecycleEvent, Plan } from '../../state/records.ts';
import { LogCorruptError, NonDeterminismError, SlotwrightError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import {
  operationMachine,
  owedIn,
  stateOf,
  type MachineContext,
  type MachineEvent,
  type OperationMachine,
  type Owed,
} from './operation-machine.ts';

export type Started = Extract<LifecycleEvent, { type: 'operation.started' }>;
export type Completed = Extract<LifecycleEvent, { type: 'operation.completed' }>;

/** An operation as its records tell it. */
export interface OperationState {
  readonly id: string;
  readonly started: Started;
  readonly machine: OperationMachine;
  readonly snapshot: Snapshot;
  /** Name of the machine's state. */
  readonly state: string;
  readonly context: MachineContext;
  /** What is owed next; nothing in a final state. */
  readonly owed: Owed | undefined;
  /** Resources acquired and not released by the process that wrote last. */
  readonly held: readonly string[];
  /** The last record of a finished operation. */
  readonly completed: Completed | undefined;
}

/** What the machine is made from; a plan of a later version may say more. */
const planShape = z.object({
  operation: z.string(),
  steps: z.array(z.object({ name: z.string(), undo: z.boolean() })),
});

type Snapshot = ReturnType<typeof initialTransition<OperationMachine>>[0];

/** Folds the records of one segment. */
export function foldOperation(records: readonly EventRecord[]): OperationState | undefined {
  let state: OperationState | undefined;
  for (const record of records) {
    state = state === undefined ? begin(record) : next(state, record);
  }
  return state;
}

/** The state after one more record. */
export function next(state: OperationState, record: EventRecord): OperationState {
  const { event } = record;
  switch (event.type) {
    case 'step.started':
    case 'step.completed':
    case 'step.failed':
    case 'target.spoiled':
    case 'rollback.requested':
    case 'operation.interrupted':
      return moved(state, event, record.seq);
    case 'operation.completed':
      return { ...state, completed: event, held: [] };
    case 'operation.resumed':
      return { ...state, held: [] };
    case 'resource.acquired':
      return { ...state, held: [...state.held, event.resource] };
    case 'resource.released':
      return { ...state, held: state.held.filter((name) => name !== event.resource) };
    case 'operation.started':
      throw new LogCorruptError({
        code: 'log-corrupt',
        message: `record ${record.seq} starts a second operation in one segment`,
        exit: EXIT.logDamaged,
      });
    default:
      return state;
  }
}

/** Name of the state that this event leads to: what a record says in `to`, before it is written. */
export function landing(state: OperationState, event: MachineEvent): string {
  return transition(state.machine, state.snapshot, event)[0].value;
}

function begin(record: EventRecord): OperationState | undefined {
  const { event } = record;
  if (event.type !== 'operation.started') return undefined;
  const machine = machineOf(event.plan);
  const [snapshot] = initialTransition(machine);
  return {
    id: record.op,
    started: event,
    machine,
    ...seen(snapshot),
    held: [],
    completed: undefined,
  };
}

/** Machines by their plan: the segments of a device have few different ones, and building one costs more than a fold. */
const built = new Map<string, OperationMachine>();

function machineOf(plan: Plan): OperationMachine {
  const key = JSON.stringify(plan);
  const machine = built.get(key) ?? operationMachine(known(plan));
  built.set(key, machine);
  return machine;
}

function moved(state: OperationState, event: MachineEvent, seq: number): OperationState {
  if ('step' in event) mustBeOwed(state, event, seq);
  const [snapshot] = transition(state.machine, state.snapshot, event);
  const after = seen(snapshot);
  if ('to' in event && event.to !== after.state) {
    throw new NonDeterminismError({
      code: 'fold-differs',
      message: `record ${seq} (${event.type}) leads to "${after.state}" here, but was written as leading to "${event.to}"`,
      reason: 'the log was written by a version of this tool whose machine differs',
      hint: 'continue with the version named in the first record of this operation, or run "slotwright abort"',
      exit: EXIT.logForeign,
    });
  }
  return { ...state, ...after };
}

function mustBeOwed(
  state: OperationState,
  event: Extract<MachineEvent, { step: string }>,
  seq: number,
): void {
  const name = 'phase' in event ? stateOf({ step: event.step, phase: event.phase }) : event.step;
  if (name === state.state) return;
  throw new NonDeterminismError({
    code: 'fold-differs',
    message: `record ${seq} is about "${name}", but "${state.state}" is owed there`,
    reason: 'records are missing, or another version of this tool wrote them',
    hint: 'run "slotwright history --verify" to find the place',
    exit: EXIT.logForeign,
  });
}

function seen(snapshot: Snapshot): Pick<OperationState, 'snapshot' | 'state' | 'context' | 'owed'> {
  const state = snapshot.value;
  return { snapshot, state, context: snapshot.context, owed: owedIn(state) };
}

function known(plan: Plan): Plan {
  if (planShape.safeParse(plan).success) return plan;
  throw new SlotwrightError({
    code: 'plan-unknown',
    message: 'the plan in the first record of this operation cannot be read',
    reason: 'it was written by another version of this tool',
    exit: EXIT.logForeign,
  });
}
