/**
 * The XState machine of an operation, made from its plan alone: a forward chain of the steps, the mirror chain that undoes
 * them, two final states. Pure: no clock, no ids, no effects. What is owed is the state itself.
 */
import { assign, setup } from 'xstate';
import type { RecordedError } from '../errors.ts';
import type { JsonValue, LifecycleEvent, Plan, PlannedStep } from '../../state/records.ts';

/** The events that move a machine; all others are facts beside it. */
export type MachineEvent = Extract<
  LifecycleEvent,
  {
    type:
      | 'step.started'
      | 'step.completed'
      | 'step.failed'
      | 'target.spoiled'
      | 'rollback.requested'
      | 'operation.interrupted';
  }
>;

export interface MachineContext {
  /** Number of the current target, from 1. */
  readonly generation: number;
  /** Starts of the owed step that came to no result, by state name. */
  readonly attempts: Readonly<Record<string, number>>;
  /** State whose effect was begun and has no result yet. */
  readonly running: string | null;
  readonly outputs: Readonly<Record<string, JsonValue>>;
  /** Why the machine turned back, or what failed last past the pivot. */
  readonly failure: { readonly step: string; readonly error: RecordedError } | null;
  /** Failures that were told and did not stop the plan. */
  readonly reported: readonly { readonly step: string; readonly error: RecordedError }[];
}

export const COMPLETED = 'completed';
export const ROLLED_BACK = 'rolled-back';
const UNDO = 'undo:';

/** What a machine state owes: a step, and whether to do or to undo it. */
export interface Owed {
  readonly step: string;
  readonly phase: 'run' | 'undo';
}

export function owedIn(state: string): Owed | undefined {
  if (state === COMPLETED || state === ROLLED_BACK) return undefined;
  return state.startsWith(UNDO)
    ? { step: state.slice(UNDO.length), phase: 'undo' }
    : { step: state, phase: 'run' };
}

export function stateOf(owed: Owed): string {
  return owed.phase === 'undo' ? UNDO + owed.step : owed.step;
}

/** True when it was turned back: what is left to do is to undo, or to close it. */
export function isTurnedBack(state: string): boolean {
  return state.startsWith(UNDO) || state === ROLLED_BACK;
}

/** True when the plan may still be undone in this state, as far as names tell; the pivot itself only before it is made. */
export function isBeforePivot(plan: Plan, state: string): boolean {
  const owed = owedIn(state);
  if (owed === undefined) return false;
  if (owed.phase === 'undo' || plan.pivot === undefined) return true;
  return indexOf(plan, owed.step) < indexOf(plan, plan.pivot);
}

export type OperationMachine = ReturnType<typeof operationMachine>;

export function operationMachine(plan: Plan) {
  const [first] = plan.steps;
  return builder.createMachine({
    id: plan.operation,
    initial: first === undefined ? COMPLETED : first.name,
    context: {
      generation: 1,
      attempts: {},
      running: null,
      outputs: {},
      failure: null,
      reported: [],
    },
    states: {
      ...Object.fromEntries(
        plan.steps.map((step, index) => [step.name, forward(plan, step, index)]),
      ),
      ...Object.fromEntries(
        plan.steps
          .slice(0, pivotIndex(plan))
          .flatMap((step, index) => (step.undo ? [[UNDO + step.name, mirror(plan, index)]] : [])),
      ),
      [COMPLETED]: { type: 'final' as const },
      [ROLLED_BACK]: { type: 'final' as const },
    },
  });
}

const builder = setup({
  types: { context: {} as MachineContext, events: {} as MachineEvent },
  guards: {
    notMade: ({ context, event }, { state }: { state: string }) =>
      ((context.attempts[state] ?? 0) === 0 && context.running !== state) ||
      (event.type === 'rollback.requested' && event.pivot === 'not-made'),
  },
  actions: {
    begin: assign(({ context }, { state }: { state: string }) => ({
      running: state,
      attempts: { ...context.attempts, [state]: (context.attempts[state] ?? 0) + 1 },
    })),
    finish: assign(({ context, event }, { state }: { state: string }) => {
      const attempts = without(context.attempts, state);
      return {
        running: null,
        attempts,
        outputs:
          event.type === 'step.completed' && event.phase === 'run'
            ? { ...context.outputs, [event.step]: event.output }
            : context.outputs,
      };
    }),
    // A failure is a result: only deaths count against a step.
    fail: assign(({ context, event }) =>
      event.type === 'step.failed'
        ? {
            running: null,
            attempts: without(context.attempts, context.running),
            failure: { step: event.step, error: event.error },
          }
        : context,
    ),
    report: assign(({ context, event }) =>
      event.type === 'step.failed'
        ? {
            running: null,
            reported: [...context.reported, { step: event.step, error: event.error }],
          }
        : context,
    ),
    spoil: assign(({ event, context }) => ({
      running: null,
      generation: event.type === 'target.spoiled' ? event.generation : context.generation,
    })),
    turnBack: assign(({ context, event }) => ({
      running: null,
      failure:
        event.type === 'rollback.requested' && event.by !== 'failure'
          ? { step: event.by, error: { code: event.by, message: event.reason } }
          : context.failure,
    })),
    // Being stopped on purpose is not dying: the start does not count against the step.
    pause: assign(({ context }) =>
      context.running === null
        ? {}
        : {
            attempts: {
              ...context.attempts,
              [context.running]: Math.max(0, (context.attempts[context.running] ?? 0) - 1),
            },
          },
    ),
  },
});

function without(
  attempts: MachineContext['attempts'],
  state: string | null,
): MachineContext['attempts'] {
  return Object.fromEntries(Object.entries(attempts).filter(([name]) => name !== state));
}

function forward(plan: Plan, step: PlannedStep, index: number) {
  const here = { state: step.name };
  const next = plan.steps[index + 1]?.name ?? COMPLETED;
  const pivot = pivotIndex(plan);
  const back = undoEntry(plan, index);
  return {
    on: {
      'step.started': { actions: { type: 'begin' as const, params: here } },
      'step.completed': { target: next, actions: { type: 'finish' as const, params: here } },
      'step.failed':
        step.onFailure === 'report'
          ? { target: next, actions: 'report' as const }
          : index < pivot
            ? { target: back, actions: 'fail' as const }
            : { actions: 'fail' as const },
      'operation.interrupted': { actions: 'pause' as const },
      ...(step.discardTo === undefined
        ? {}
        : { 'target.spoiled': { target: step.discardTo, actions: 'spoil' as const } }),
      ...(index < pivot
        ? { 'rollback.requested': { target: back, actions: 'turnBack' as const } }
        : index === pivot
          ? {
              'rollback.requested': {
                target: back,
                guard: { type: 'notMade' as const, params: here },
                actions: 'turnBack' as const,
              },
            }
          : {}),
    },
  };
}

function mirror(plan: Plan, index: number) {
  const here = { state: UNDO + (plan.steps[index]?.name ?? '') };
  return {
    on: {
      'step.started': { actions: { type: 'begin' as const, params: here } },
      'step.completed': {
        target: undoEntry(plan, index - 1),
        actions: { type: 'finish' as const, params: here },
      },
      'step.failed': { actions: 'fail' as const },
      'operation.interrupted': { actions: 'pause' as const },
    },
  };
}

/** The mirror state that undoes the last undoable step up to this one. */
function undoEntry(plan: Plan, index: number): string {
  for (let at = Math.min(index, pivotIndex(plan) - 1); at >= 0; at -= 1) {
    const step = plan.steps[at];
    if (step?.undo === true) return UNDO + step.name;
  }
  return ROLLED_BACK;
}

function pivotIndex(plan: Plan): number {
  return plan.pivot === undefined ? plan.steps.length : indexOf(plan, plan.pivot);
}

function indexOf(plan: Plan, name: string): number {
  return plan.steps.findIndex((step) => step.name === name);
}
