/** Given a log, when something is recorded, then this is owed: the language of the machine tests. */
import { foldOperation, landing, next, type OperationState } from '../../src/engine/fold.ts';
import { stateOf, type MachineEvent } from '../../src/engine/operation-machine.ts';
import type { EventRecord, LifecycleEvent, Plan } from '../../state/records.ts';

type Loose<E> = E extends { to: string } ? Omit<E, 'to'> & { to?: string } : E;
export type When = Loose<MachineEvent>;

export function planWith(...steps: (Partial<Plan['steps'][number]> & { name: string })[]): Plan {
  return {
    operation: 'test',
    version: 1,
    pivot: 'pivot',
    steps: steps.map((step) => ({
      title: step.name,
      undo: false,
      onFailure: 'undo' as const,
      needs: [],
      whenInterrupted: 'repeat',
      ...step,
    })),
  };
}

export function given(plan: Plan) {
  return story(foldOperation([record(1, started(plan))])!);
}

function story(state: OperationState) {
  return {
    state,
    context: state.context,
    owes: state.owed === undefined ? state.state : stateOf(state.owed),
    when(...events: When[]) {
      return story(
        events.reduce((before, event, index) => {
          const bare = { ...event, to: '' } as MachineEvent;
          const to = ('to' in event ? event.to : undefined) ?? landing(before, bare);
          return next(before, record(index + 2, { ...event, to } as LifecycleEvent));
        }, state),
      );
    },
  };
}

export const start = (step: string, phase: 'run' | 'undo' = 'run'): When => ({
  type: 'step.started',
  step,
  phase,
  attempt: 1,
});
export const done = (step: string, phase: 'run' | 'undo' = 'run'): When => ({
  type: 'step.completed',
  step,
  phase,
  how: 'ran',
  output: { from: step },
});
export const fails = (step: string, phase: 'run' | 'undo' = 'run'): When => ({
  type: 'step.failed',
  step,
  phase,
  error: { code: 'test', message: `${step} failed` },
});

export function started(plan: Plan): LifecycleEvent {
  return {
    type: 'operation.started',
    operation: plan.operation,
    plan,
    request: {},
    key: 'key',
    tool: 'test 0',
    stateWas: 'ro',
    inventory: {
      bootId: 'boot',
      bootedFrom: 'active',
      commandLine: '',
      partitions: [],
      slots: [],
      environment: {},
      hooks: [],
    },
  };
}

export function record(seq: number, event: LifecycleEvent): EventRecord {
  return {
    v: 1,
    seq,
    op: 'op',
    at: '2026-01-01T00:00:00.000Z',
    mono: seq,
    event,
    prev: '',
    hash: '',
  };
}
