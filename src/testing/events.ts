/** What may happen to an operation, for `given(...).when(...)`. */
import type { JsonValue } from '../../state/records.ts';
import type { TestEvent } from './given.ts';

/** A step was begun. `undo:` before its name: its undoing was. */
export const begun = (step: string, attempt = 1): TestEvent => ({
  type: 'step.started',
  ...phased(step),
  attempt,
});

/** It came to its end, with this output. */
export const done = (step: string, output: JsonValue = null): TestEvent => ({
  type: 'step.completed',
  ...phased(step),
  how: 'ran',
  output,
});

/** It failed. */
export const failed = (step: string, message = `${step} failed`): TestEvent => ({
  type: 'step.failed',
  ...phased(step),
  error: { code: 'test', message },
});

/** Somebody stopped the process. */
export const interrupted = (reason = 'stopped'): TestEvent => ({
  type: 'operation.interrupted',
  reason,
});

/** Somebody asked for the way back. */
export const aborted = (reason = 'asked for'): TestEvent => ({
  type: 'rollback.requested',
  by: 'abort',
  reason,
});

function phased(name: string): { readonly step: string; readonly phase: 'run' | 'undo' } {
  return name.startsWith('undo:')
    ? { step: name.slice('undo:'.length), phase: 'undo' }
    : { step: name, phase: 'run' };
}
