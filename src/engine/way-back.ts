/** Whether an operation can still be undone: what the disk shows counts, not that a step was begun. */
import { operationNamed } from '../../machines/catalog.ts';
import type { Machinery } from './machinery.ts';
import type { Unfinished } from './memory.ts';
import { isBeforePivot } from './operation-machine.ts';
import type { Session } from './session.ts';

/** Where it stands with its pivot while there is a way back. */
export type WayBack = 'not-begun' | 'not-made';

/** Absent: the new image has its name, or nobody can say that it has not. */
export async function wayBack(
  { system }: Machinery,
  { device }: Session,
  { state: { id, started, state, context } }: Unfinished,
): Promise<WayBack | undefined> {
  const { plan, operation, request } = started;
  if (isBeforePivot(plan, state)) return 'not-begun';
  if (state !== plan.pivot) return undefined;
  if (context.running === null && (context.attempts[state] ?? 0) === 0) return 'not-begun';
  const step = operationNamed(operation)?.steps.find(({ name }) => name === plan.pivot);
  const output = (name: string) => context.outputs[name];
  const made = await step?.made?.({ system, device, id, request, output });
  return made === false ? 'not-made' : undefined;
}
