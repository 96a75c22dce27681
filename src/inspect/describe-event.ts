/** One sentence for each record, and how much it matters to a reader. */
import * as z from 'zod';
import type { JsonValue, LifecycleEvent } from '../../state/records.ts';
import type { RecordedError } from '../errors.ts';
import type { TimelineEntry } from './operation-timeline.ts';

export interface EventText {
  readonly text: string;
  readonly level: TimelineEntry['level'];
  readonly output?: string;
  readonly error?: RecordedError;
}

export function describeEvent(event: LifecycleEvent): EventText {
  switch (event.type) {
    case 'operation.started':
      return info(`${event.operation} started by ${event.tool}`);
    case 'operation.resumed':
      return info(`continued by ${event.tool}`);
    case 'operation.interrupted':
      return warning(`interrupted: ${event.reason}`);
    case 'rollback.requested':
      return warning(`turned back (${event.by}): ${event.reason}`);
    case 'operation.completed':
      return info(event.outcome === 'completed' ? 'completed' : 'undone, the machine is as before');
    case 'step.started': {
      const again = event.attempt > 1 ? `, attempt ${event.attempt}` : '';
      return detail(`${named(event)} begun${again}`);
    }
    case 'step.completed':
      return event.how === 'skipped'
        ? info(`${named(event)} skipped: ${event.reason ?? 'not needed'}`)
        : info(named(event) + saidBy(event.output));
    case 'step.failed':
      return {
        text: `${named(event)} failed: ${event.error.message}`,
        level: 'error',
        error: event.error,
      };
    case 'target.spoiled':
      return warning(`starts over with target ${event.generation}: ${event.reason}`);
    case 'resource.acquired':
      return detail(`holds ${event.resource}`);
    case 'resource.released':
      return detail(`gave back ${event.resource}`);
    case 'hook.started':
      return info(`hook ${event.stage}: ${event.step} (${event.source})`);
    case 'hook.skipped':
      return detail(`hook ${event.stage}: ${event.step} skipped: ${event.reason}`);
    case 'hook.output': {
      const cut = event.truncated ? ', cut' : '';
      return {
        text: `output of ${event.part}${cut}`,
        level: 'info',
        output: event.text,
      };
    }
    case 'hook.completed':
      return detail(`hook ${event.stage}: ${event.step} done`);
    case 'hook.failed': {
      const step = event.step === undefined ? '' : `${event.step}: `;
      return {
        text: `hook ${event.stage} failed: ${step}${event.error} (${placeOf(event)})`,
        level: 'error',
      };
    }
    case 'hook.warned':
      return warning(`hook ${event.stage}: ${event.warning} (${placeOf(event)})`);
    case 'chain.started':
      return info(`log begun (${event.reason})`);
    case 'log.repaired':
      return warning(`the log ended in half a record; ${event.cutBytes} bytes were cut off`);
    case 'log.pruned':
      return detail(`${event.segments.length} old segments of the log were removed`);
    case 'device.adopted':
      return info('found a device that others had installed or changed');
    case 'slots.changed-outside':
      return warning('images were changed by something else since the last operation');
    default:
      return unknown(event);
  }
}

/** A later version may have more to say. */
function unknown({ type }: { readonly type: string }): EventText {
  return detail(`${type} (not known to this version)`);
}

const placeOf = (event: { source: string; line?: number; column?: number }) =>
  [event.source, event.line, event.column].filter((part) => part !== undefined).join(':');
const info = (text: string): EventText => ({ text, level: 'info' });
const detail = (text: string): EventText => ({ text, level: 'detail' });
const warning = (text: string): EventText => ({ text, level: 'warning' });

const named = ({ step, phase }: { step: string; phase: string }) =>
  phase === 'undo' ? `undo ${step}` : step;

/** What the step itself says of its result, as a clause. */
function saidBy(output: JsonValue): string {
  const known = z.object({ said: z.string() }).safeParse(output);
  return known.success ? `: ${known.data.said}` : '';
}
