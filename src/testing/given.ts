/** Given a log, when something happens, then this is owed. Pure: nothing is run. */
import type { EventRecord } from '../../state/records.ts';
import { foldOperation, landing, next, type OperationState } from '../engine/fold.ts';
import { stateOf, type MachineEvent } from '../engine/operation-machine.ts';

type WithoutLanding<E> = E extends { readonly to: string } ? Omit<E, 'to'> : E;

/** An event that moves the machine of an operation; where it leads is what the test is about. */
export type TestEvent = WithoutLanding<MachineEvent>;

export interface Given {
  /** State of the machine. */
  readonly state: string;
  /** `deploy-image`, `undo:mount-target`; absent when nothing is. */
  readonly owed: string | undefined;
  /** Resources held. */
  readonly held: readonly string[];
  /** The same up to a record, by its number. */
  until(seq: number): Given;
  /** After these events, in their order. Throws where one of them cannot come. */
  when(...events: readonly TestEvent[]): Given;
  /** Throws unless this is owed; `nothing` for nothing. */
  owes(effect: string): Given;
}

export function given({ records }: { readonly records: readonly EventRecord[] }): Given {
  const state = foldOperation(records);
  if (state === undefined) throw new Error('these records do not begin with an operation');
  return told(state, records);
}

function told(state: OperationState, records: readonly EventRecord[]): Given {
  const owed = state.owed === undefined ? undefined : stateOf(state.owed);
  const here: Given = {
    state: state.state,
    owed,
    held: state.held,
    until: (seq) => given({ records: records.filter((record) => record.seq <= seq) }),
    when: (...events) => after(state, events, records),
    owes(effect) {
      if ((owed ?? 'nothing') === effect) return here;
      throw new Error(`it owes ${owed ?? 'nothing'}, not ${effect} (its state is ${state.state})`);
    },
  };
  return here;
}

function after(
  state: OperationState,
  events: readonly TestEvent[],
  records: readonly EventRecord[],
): Given {
  const moved = events.reduce<OperationState>((before, event, index) => {
    // Only its type says which events carry a landing.
    const bare = { ...event, to: '' } as MachineEvent;
    const landed = 'step' in event ? { ...event, to: landing(before, bare) } : event;
    return next(before, recordOf(landed, records, index));
  }, state);
  return told(moved, records);
}

function recordOf(
  event: MachineEvent,
  records: readonly EventRecord[],
  index: number,
): EventRecord {
  const last = records.at(-1);
  return {
    v: last?.v ?? 1,
    seq: (last?.seq ?? 0) + 1 + index,
    op: last?.op ?? '',
    at: last?.at ?? '',
    mono: last?.mono ?? 0,
    event,
    prev: '',
    hash: '',
  };
}
