/** The resources this process holds, as a stack: acquired in the order a step names them, released in reverse, both recorded. */
import type { JsonValue, LifecycleEvent } from '../../state/records.ts';
import type { Resource, StepContext } from '../../machines/step.ts';
import { SlotwrightError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';

interface Held {
  readonly resource: Resource;
  readonly detail: JsonValue;
}

export interface ResourceStack {
  /** Holds exactly these, in this order: releases what is not named, then acquires what is missing. */
  align(needs: readonly string[], context: StepContext): Promise<void>;
}

export function createResourceStack(
  resources: readonly Resource[],
  append: (event: LifecycleEvent) => Promise<unknown>,
): ResourceStack {
  const held: Held[] = [];
  return {
    async align(needs, context) {
      let kept = 0;
      while (kept < held.length && held[kept]?.resource.name === needs[kept]) kept += 1;
      for (let top = held.at(-1); held.length > kept && top !== undefined; top = held.at(-1)) {
        await top.resource.release(context, top.detail);
        held.pop();
        await append({ type: 'resource.released', resource: top.resource.name });
      }
      for (const name of needs.slice(kept)) {
        const resource = named(resources, name);
        const detail = await resource.acquire(context);
        // On the stack before it is on record: what an append failure leaves behind is still released.
        held.push({ resource, detail });
        await append({ type: 'resource.acquired', resource: name, detail });
      }
    },
  };
}

function named(resources: readonly Resource[], name: string): Resource {
  const resource = resources.find((candidate) => candidate.name === name);
  if (resource !== undefined) return resource;
  throw new SlotwrightError({
    code: 'resource-unknown',
    message: `this version of the tool does not know the resource "${name}"`,
    reason: 'the operation was planned by another version',
    hint: 'continue with that version, or run "slotwright abort"',
    exit: EXIT.logForeign,
  });
}
