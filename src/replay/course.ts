/** The course of an operation: the records that another run of it must have as well, in the same order. Pure. */
import type { EventRecord, LifecycleEvent } from '../../state/records.ts';

/** What depends on the machine's past, or only says more of what is in another record. */
const ASIDE: ReadonlySet<LifecycleEvent['type']> = new Set([
  'chain.started',
  'log.repaired',
  'log.pruned',
  'device.adopted',
  'slots.changed-outside',
  'hook.skipped',
  'hook.output',
  'hook.warned',
]);

export function courseOf(records: readonly EventRecord[]): readonly EventRecord[] {
  return records.filter(({ event }) => isOfCourse(event));
}

export function isOfCourse({ type }: LifecycleEvent): boolean {
  return !ASIDE.has(type);
}

/** What two runs have in common in one record: `step.completed deploy-image -> bind-volumes`. */
export function gist(event: LifecycleEvent): string {
  switch (event.type) {
    case 'step.started':
      return `${event.type} ${phased(event)}`;
    case 'step.completed':
      return `${event.type} ${phased(event)} (${event.how}) -> ${event.to}`;
    case 'step.failed':
    case 'target.spoiled':
      return `${event.type} ${'phase' in event ? phased(event) : event.step} -> ${event.to}`;
    case 'resource.acquired':
    case 'resource.released':
      return `${event.type} ${event.resource}`;
    case 'hook.started':
    case 'hook.completed':
    case 'hook.failed':
      return `${event.type} ${event.stage}: ${event.step ?? event.source}`;
    case 'operation.completed':
      return `${event.type} ${event.outcome}`;
    default:
      return event.type;
  }
}

function phased({ step, phase }: { readonly step: string; readonly phase: string }): string {
  return phase === 'undo' ? `undo:${step}` : step;
}
