/**
 * What was done to a machine from outside while an operation ran, read from its log: which command began each process, how that process
 * ended, and which steps something made fail. With it another machine can be put through the same. Pure.
 */
import type { EventRecord, LifecycleEvent } from '../../state/records.ts';
import type { RecordedError } from '../errors.ts';

/** How a process ended before its operation did. */
export type Ending =
  /** It died, the machine stayed up. */
  | 'kill'
  /** The power went, or the machine was reset. */
  | 'power'
  /** Ctrl-C, SIGTERM: it recorded that and left. */
  | 'signal'
  /** It stopped by itself, for attention. */
  | 'by itself';

/** One process that worked on the operation. Places are positions in its course, from 0. */
export interface Process {
  readonly command: 'begin' | 'resume' | 'resume --force' | 'abort';
  /** The machine was started again before it. */
  readonly rebooted: 'yes' | 'no';
  /** Place of its first record. */
  readonly from: number;
  /** Place of its last record, and what came then; absent for the process that finished. */
  readonly end?: { readonly after: number; readonly how: Ending };
}

/** Something that a step ran into: the next thing it asks of the machine after this place fails. */
export interface Trouble {
  readonly after: number;
  readonly error: RecordedError;
}

export interface Script {
  readonly processes: readonly Process[];
  readonly troubles: readonly Trouble[];
  /** Places of the records by which a process said that it was stopped. */
  readonly interruptions: readonly number[];
}

export function scriptOf(course: readonly EventRecord[]): Script {
  const starts = course.flatMap(({ event }, place) =>
    isStart(course, place, event) ? [place] : [],
  );
  return {
    processes: starts.map((from, index) => processAt(course, from, starts[index + 1])),
    troubles: course.flatMap(({ event }, place) => troubleAt(course, place, event)),
    interruptions: course.flatMap(({ event }, place) =>
      event.type === 'operation.interrupted' && !isForcing(event) ? [place] : [],
    ),
  };
}

function isStart(course: readonly EventRecord[], place: number, event: LifecycleEvent): boolean {
  if (event.type === 'operation.started') return true;
  if (event.type === 'rollback.requested') return event.by === 'abort';
  // What is turned back is first asked for, then gone on with.
  return event.type === 'operation.resumed' && !isTurnedBackAt(course, place - 1);
}

function isTurnedBackAt(course: readonly EventRecord[], place: number): boolean {
  const event = course[place]?.event;
  return event?.type === 'rollback.requested' && event.by === 'abort';
}

function processAt(
  course: readonly EventRecord[],
  from: number,
  next: number | undefined,
): Process {
  const begun = { command: commandAt(course, from), rebooted: rebootedAt(course, from), from };
  const last = (next ?? course.length) - 1;
  if (next === undefined && course[last]?.event.type === 'operation.completed') return begun;
  const cut = next !== undefined && rebootedAt(course, next) === 'yes' ? 'power' : 'kill';
  return { ...begun, end: { after: last, how: lastWords(course, last) ?? cut } };
}

function commandAt(course: readonly EventRecord[], place: number): Process['command'] {
  const event = course[place]?.event;
  if (event?.type === 'operation.started') return 'begin';
  if (event?.type === 'rollback.requested') {
    // Found in another system, it is resume that turns it back.
    return event.reason.startsWith('the machine was started from ') ? 'resume' : 'abort';
  }
  return isForced(course, place) ? 'resume --force' : 'resume';
}

/** What a process says that ends in order. */
function lastWords(course: readonly EventRecord[], place: number): Ending | undefined {
  // Interrupted, it still gives back what it held.
  for (let at = place; at >= 0; at -= 1) {
    const event = course[at]?.event;
    if (event?.type === 'operation.interrupted') return isForcing(event) ? undefined : 'signal';
    if (event?.type === 'step.failed') return endsHere(event) ? 'by itself' : undefined;
    if (event?.type !== 'resource.released') return undefined;
  }
  return undefined;
}

const endsHere = ({ step, phase, to }: Extract<LifecycleEvent, { type: 'step.failed' }>): boolean =>
  to === (phase === 'undo' ? `undo:${step}` : step);

const isForcing = ({ reason }: { readonly reason: string }): boolean =>
  reason === 'one more try was asked for';

function isForced(course: readonly EventRecord[], place: number): boolean {
  const event = course[place + 1]?.event;
  return event?.type === 'operation.interrupted' && isForcing(event);
}

function rebootedAt(course: readonly EventRecord[], place: number): 'yes' | 'no' {
  const before = bootOf(course.slice(0, place).findLast(({ event }) => 'inventory' in event));
  const now = bootOf(course.slice(place).find(({ event }) => 'inventory' in event));
  return before !== undefined && now !== undefined && before !== now ? 'yes' : 'no';
}

function bootOf(record: EventRecord | undefined): string | undefined {
  const event = record?.event;
  return event !== undefined && 'inventory' in event ? event.inventory.bootId : undefined;
}

/** A hook that fails does so in the other run, too, and makes its step fail. */
function troubleAt(
  course: readonly EventRecord[],
  place: number,
  event: LifecycleEvent,
): readonly Trouble[] {
  if (event.type !== 'step.failed') return [];
  for (let at = place - 1; at >= 0; at -= 1) {
    const before = course[at]?.event;
    if (before?.type === 'hook.failed') return [];
    if (before?.type === 'step.started') break;
  }
  return [{ after: place - 1, error: event.error }];
}
