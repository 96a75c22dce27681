/**
 * What a step, a resource and an operation are. Declarations only: `src/engine` runs them, `src/system` carries their
 * effects out. Adding an operation means writing one file here and naming it in `catalog.ts`.
 */
import type { HookEvent, Partition, Progress, Role, System } from '../src/system/port.ts';
import type { JsonValue, Plan } from '../state/records.ts';

/** Where this machine's parts are for the life of this process; found anew by each process, never remembered. */
export interface Device {
  readonly partitions: readonly Partition[];
  /** Where COS_STATE is mounted (read-only until an operation opens the log). */
  readonly stateAt: string;
  readonly bootedFrom: 'active' | 'passive' | 'recovery' | 'live' | 'unknown';
  /** Identity of the running root's image file, where a file backs it. */
  readonly runningImage?: string;
  readonly bootId: string;
  readonly commandLine: string;
  readonly arch: string;
}

/** What a step sees. `request` and `outputs` come from the log, so a resumed step sees what the first process saw. */
export interface StepContext {
  readonly operation: string;
  readonly id: string;
  readonly system: System;
  readonly device: Device;
  readonly request: JsonValue;
  /** Output of an earlier step, as recorded; `undefined` when it has none. */
  readonly output: (step: string) => JsonValue | undefined;
  /** Number of the current target, from 1; the next one after each spoiled target. */
  readonly generation: number;
  readonly signal: AbortSignal;
  readonly report: (progress: Progress) => void;
  /** Appends what a hook did; resolves when it is durable. */
  readonly emit: (event: HookEvent) => Promise<void>;
  /** Hook output as it comes, for people. */
  readonly show: (text: string) => void;
}

/** What is enough to look at the disk for an operation that nobody carries out now. */
export type Sight = Pick<StepContext, 'system' | 'device' | 'id' | 'request' | 'output'>;

/** Something a step needs to be there while it runs, and that dies with the process: a mount, a namespace. */
export interface Resource {
  readonly name: string;
  readonly title: string;
  /** Acquires it, or what is missing of it; what it returns goes into the log. */
  acquire(context: StepContext): Promise<JsonValue>;
  /** Gives back exactly what `acquire` took; `detail` is what it returned. */
  release(context: StepContext, detail: JsonValue): Promise<void>;
  /** Gives back what outlives a killed process that held it. Called at the end of an operation, when nothing is held. */
  readonly reclaim?: (context: StepContext) => Promise<void>;
}

export interface Step {
  /** Imperative, kebab-case, public API: it stands in logs. */
  readonly name: string;
  readonly title: string;
  /** Resources, in the order of acquisition. What is held and not named here is released before the step runs. */
  readonly needs: readonly string[];
  /**
   * What a later process does when this step was started and has no result.
   * `repeat`: run it again, it starts from nothing. `probe`: run it again, it looks at the disk first and does what is left.
   * `once-per-attempt`: run it again, and say so: its effect is the user's and cannot be undone.
   * `discard-to`: its effect cannot be continued; go back to that step with a new target.
   */
  readonly whenInterrupted:
    'repeat' | 'probe' | 'once-per-attempt' | { readonly discardTo: string };
  /** Default `undo`. */
  readonly onFailure?: 'undo' | 'report';
  /** A reason not to run it, from what earlier steps found; recorded. */
  readonly skip?: (context: StepContext) => string | undefined;
  /** Its result, for later steps and the log; `said` in it is a clause for the people who read the history. */
  readonly run: (context: StepContext) => Promise<JsonValue | undefined>;
  /** Of a pivot: whether the disk shows that it was made. Begun and not made, there is still a way back. */
  readonly made?: (context: Sight) => Promise<boolean>;
  /** Undoes a complete or partial run; running it twice is running it once. */
  readonly undo?: (context: StepContext) => Promise<void>;
  /** Resources of the undo. Default: none; a partition that it does not touch and that cannot be mounted must not stand in its way. */
  readonly undoNeeds?: (context: StepContext) => readonly string[];
  /** Mount points whose file systems must be durable before the result is recorded. Default: COS_STATE. */
  readonly touches?: (context: StepContext) => readonly string[];
}

export interface Operation {
  readonly name: string;
  readonly title: string;
  /** Raised when the meaning of its plan or request changes. */
  readonly version: number;
  readonly steps: readonly Step[];
  readonly resources: readonly Resource[];
  /** Name of the step from which on there is no way back. */
  readonly pivot?: string;
  /** Before its pivot it goes on in this system only; where the machine comes up in another one, it is undone. */
  readonly onlyIn?: Device['bootedFrom'];
}

/** The plan of an operation, as its first record holds it. */
export function planOf(operation: Operation, only?: readonly string[]): Plan {
  const steps = operation.steps.filter((step) => only === undefined || only.includes(step.name));
  const pivot = steps.find((step) => step.name === operation.pivot)?.name;
  return {
    operation: operation.name,
    version: operation.version,
    ...(pivot === undefined ? {} : { pivot }),
    steps: steps.map((step) => ({
      name: step.name,
      title: step.title,
      undo: step.undo !== undefined,
      ...(typeof step.whenInterrupted === 'object'
        ? { discardTo: step.whenInterrupted.discardTo }
        : {}),
      onFailure: step.onFailure ?? 'undo',
      needs: step.needs,
      whenInterrupted:
        typeof step.whenInterrupted === 'object'
          ? `discard to ${step.whenInterrupted.discardTo}`
          : step.whenInterrupted,
    })),
  };
}

/** Where a partition is, or will be once the `partitions` resource is held (spec 1.1). */
export function placeOf(device: Device, role: Role): string | undefined {
  if (role === 'state') return device.stateAt;
  const partition = device.partitions.find((candidate) => candidate.role === role);
  return partition === undefined ? undefined : (partition.mountedAt ?? `/run/cos/${role}`);
}
