/** Two operations side by side: what was asked, how it ended, which steps took what, which hooks did what. Pure. */
import * as z from 'zod';
import type { EventRecord, JsonValue } from '../../state/records.ts';
import { historyRowSchema } from './history-row.ts';
import { historyRow, type ReadSegment } from './history-rows.ts';
import { workingTimes } from './working-time.ts';

const sideSchema = z.object({
  ended: z.enum(['done', 'skipped', 'failed', 'undone', 'begun', 'not reached', 'not planned']),
  ms: z.number().exactOptional().describe('of its last run'),
});

export const comparisonSchema = z.object({
  a: historyRowSchema,
  b: historyRowSchema,
  differences: z
    .array(z.object({ what: z.string(), a: z.string(), b: z.string() }))
    .describe('of what was asked, found and reached; "" is nothing'),
  steps: z.array(z.object({ step: z.string(), a: sideSchema, b: sideSchema })),
});

export type Comparison = z.infer<typeof comparisonSchema>;
export type StepSide = z.infer<typeof sideSchema>;

export function compareOperations(a: ReadSegment, b: ReadSegment): Comparison {
  const [first, second] = [factsOf(a), factsOf(b)];
  const names = new Set([...first.keys(), ...second.keys()]);
  const differences = [...names]
    .map((what) => ({ what, a: first.get(what) ?? '', b: second.get(what) ?? '' }))
    .filter((pair) => pair.a !== pair.b);
  return { a: historyRow(a), b: historyRow(b), differences, steps: stepsOf(a, b) };
}

/** What two runs of the same thing would have in common, each under a name for people. */
function factsOf({ operation, records, state }: ReadSegment): Map<string, string> {
  const facts = new Map<string, string>([['operation', operation]]);
  if (state === undefined) return facts;
  const { started, completed, context } = state;
  facts.set('outcome', completed?.outcome ?? `unfinished at ${state.state}`);
  facts.set('tool', started.tool);
  facts.set('key', started.key);
  flatten(started.request, 'request', facts);
  const { inventory } = started;
  facts.set('booted from', inventory.bootedFrom);
  facts.set('command line', inventory.commandLine);
  for (const { slot, id, label, digest } of inventory.slots) {
    facts.set(`${slot} before`, [label, digest ?? `inode ${id}`].filter(Boolean).join(' '));
  }
  for (const [name, value] of Object.entries(inventory.environment)) {
    facts.set(`boot variable ${name}`, value);
  }
  for (const { path, digest } of inventory.hooks) facts.set(`hook file ${path}`, digest);
  if (context.failure !== null) {
    facts.set('failure', `${context.failure.step}: ${context.failure.error.message}`);
  }
  for (const { event } of records) {
    if (event.type === 'hook.failed') {
      facts.set(`hook ${event.stage}: ${event.step ?? event.source}`, `failed: ${event.error}`);
    }
  }
  return facts;
}

function flatten(value: JsonValue | undefined, name: string, into: Map<string, string>): void {
  if (typeof value !== 'object' || value === null) {
    into.set(name, value === undefined ? '' : String(value));
    return;
  }
  // Hook files are compared by themselves, what ran before is of no interest.
  const skipped = ['request.hooks', 'request.confirmed', 'request.switchedInBoot', 'request.date'];
  if (skipped.includes(name)) return;
  for (const [key, one] of Object.entries(value)) flatten(one, `${name}.${key}`, into);
}

function stepsOf(a: ReadSegment, b: ReadSegment): Comparison['steps'] {
  const planned = (segment: ReadSegment): readonly string[] =>
    segment.state?.started.plan.steps.map(({ name }) => name) ?? [];
  const names = [...new Set([...planned(a), ...planned(b)])];
  return names.map((step) => ({
    step,
    a: sideOf(a, step, planned(a)),
    b: sideOf(b, step, planned(b)),
  }));
}

function sideOf({ records }: ReadSegment, step: string, planned: readonly string[]): StepSide {
  if (!planned.includes(step)) return { ended: 'not planned' };
  const times = workingTimes(records);
  let side: StepSide = { ended: 'not reached' };
  let since = 0;
  for (const [index, { event }] of records.entries()) {
    if (!isAbout(event, step)) continue;
    const at = times[index] ?? 0;
    if (event.type === 'step.started') {
      since = at;
      if (event.phase === 'run') side = { ended: 'begun' };
    } else if (event.type === 'step.failed') side = { ended: 'failed', ms: at - since };
    else if (event.phase === 'undo') side = { ended: 'undone', ms: at - since };
    else side = event.how === 'skipped' ? { ended: 'skipped' } : { ended: 'done', ms: at - since };
  }
  return side;
}

type StepRecord = Extract<
  EventRecord['event'],
  { type: 'step.started' | 'step.completed' | 'step.failed' }
>;

function isAbout(event: EventRecord['event'], step: string): event is StepRecord {
  const types = ['step.started', 'step.completed', 'step.failed'];
  return types.includes(event.type) && 'step' in event && event.step === step;
}
