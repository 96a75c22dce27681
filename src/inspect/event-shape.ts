/**
 * What an event must hold to be told to people: a log from elsewhere may have been forged, or written by a version that says something else
 * under a name of ours. More than this may be there; an unknown event is passed over. Pure.
 */
import * as z from 'zod';
import type { EventRecord, LifecycleEvent } from '../../state/records.ts';

const error = z.looseObject({
  code: z.string(),
  message: z.string(),
  reason: z.string().exactOptional(),
  hint: z.string().exactOptional(),
  exit: z.number().exactOptional(),
});
const texts = (...names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, z.string()]));
const slot = z.looseObject({
  ...texts('slot', 'id'),
  bytes: z.number(),
  label: z.string().exactOptional(),
  digest: z.string().exactOptional(),
});
const inventory = z.looseObject({
  ...texts('bootId', 'bootedFrom', 'commandLine'),
  running: z.string().exactOptional(),
  unconfirmed: z.string().exactOptional(),
  partitions: z.array(z.looseObject({ ...texts('role', 'device'), bytes: z.number() })),
  slots: z.array(slot),
  environment: z.record(z.string(), z.string()),
  hooks: z.array(z.looseObject(texts('path', 'digest'))),
});
const plan = z.looseObject({
  operation: z.string(),
  version: z.number(),
  pivot: z.string().exactOptional(),
  steps: z.array(
    z.looseObject({
      ...texts('name', 'title', 'whenInterrupted'),
      undo: z.boolean(),
      discardTo: z.string().exactOptional(),
      needs: z.array(z.string()),
    }),
  ),
});
const phase = z.enum(['run', 'undo']);
const hook = (...names: readonly string[]) =>
  z.looseObject({
    ...texts('stage', 'source', ...names),
    line: z.number().exactOptional(),
    column: z.number().exactOptional(),
  });

const SHAPES: Readonly<Record<LifecycleEvent['type'], z.ZodType>> = {
  'chain.started': z.looseObject(texts('reason')),
  'log.repaired': z.looseObject({ segment: z.string(), cutBytes: z.number() }),
  'log.pruned': z.looseObject({ segments: z.array(z.string()), head: z.string() }),
  'device.adopted': z.looseObject({ slots: z.array(slot) }),
  'slots.changed-outside': z.looseObject({ before: z.array(slot), after: z.array(slot) }),
  'operation.started': z.looseObject({
    ...texts('operation', 'key', 'tool'),
    cause: z.string().exactOptional(),
    plan,
    inventory,
  }),
  'operation.resumed': z.looseObject({ tool: z.string(), inventory }),
  'operation.interrupted': z.looseObject(texts('reason')),
  'rollback.requested': z.looseObject({
    by: z.enum(['abort', 'failure', 'attempts']),
    reason: z.string(),
  }),
  'operation.completed': z.looseObject({
    outcome: z.enum(['completed', 'rolled-back']),
    reported: z.array(z.looseObject({ step: z.string(), error })),
    inventory,
  }),
  'step.started': z.looseObject({ ...texts('step', 'to'), phase, attempt: z.number() }),
  'step.completed': z.looseObject({
    ...texts('step', 'to'),
    phase,
    how: z.enum(['ran', 'skipped']),
    reason: z.string().exactOptional(),
  }),
  'step.failed': z.looseObject({ ...texts('step', 'to'), phase, error }),
  'target.spoiled': z.looseObject({ ...texts('step', 'reason', 'to'), generation: z.number() }),
  'resource.acquired': z.looseObject(texts('resource')),
  'resource.released': z.looseObject(texts('resource')),
  'hook.started': hook('step'),
  'hook.skipped': hook('step', 'reason'),
  'hook.output': hook('step', 'part', 'text'),
  'hook.completed': hook('step'),
  'hook.failed': hook('error').extend({
    step: z.string().exactOptional(),
    part: z.string().exactOptional(),
  }),
  'hook.warned': hook('warning'),
};

/** The first record that does not say what its event must. */
export function misshapen(records: readonly EventRecord[]): EventRecord | undefined {
  return records.find(({ at, event }) => {
    const shape = Object.hasOwn(SHAPES, event.type) ? SHAPES[event.type] : undefined;
    return Number.isNaN(Date.parse(at)) || shape?.safeParse(event).success === false;
  });
}
