/**
 * The record catalogue: everything the event log can say. A record is an event in an envelope; the events that drive a
 * machine (`operation.*`, `rollback.requested`, `step.*`, `target.spoiled`) are folded by `src/engine/fold.ts`, the others are facts for
 * people and projections. Names are public API: an event never changes its meaning, it gets a new name.
 */
import type { RecordedError } from '../src/errors.ts';
import type { HookEvent, HookFile, Partition, Slot } from '../src/system/port.ts';

/** Version of the envelope and of this catalogue. A reader refuses a higher one by name. */
export const RECORD_FORMAT = 1;

/** One step of a plan, as data: enough to build the machine without today's code (law 7). */
export interface PlannedStep {
  readonly name: string;
  readonly title: string;
  /** True when the step can be undone; it then has a mirror state. */
  readonly undo: boolean;
  /** The step to go back to, with a new target, when this one is interrupted: its effect cannot be continued. */
  readonly discardTo?: string;
  /** `undo` (default): a failure leads into the mirror chain before the pivot. `report`: told, and the plan goes on. */
  readonly onFailure: 'undo' | 'report';
  /** Resources held while it runs, in the order of acquisition. */
  readonly needs: readonly string[];
  /** In words, for plans and charts. */
  readonly whenInterrupted: string;
}

/** What an operation will do, fixed in its first record. */
export interface Plan {
  readonly operation: string;
  readonly version: number;
  /** From the start of this step on there is no way back, only forward. */
  readonly pivot?: string;
  readonly steps: readonly PlannedStep[];
}

/** A slot as seen on the disk. */
export interface SlotFacts {
  readonly slot: Slot;
  readonly id: string;
  readonly bytes: number;
  readonly label?: string;
  /** Known only for images that we installed and that are unchanged in identity and size since. */
  readonly digest?: string;
}

/** The machine at one moment: at the start of an operation, at each resume and at its end. */
export interface Inventory {
  readonly bootId: string;
  readonly bootedFrom: string;
  /** Inode number of the image that backs the running root, where a file does. */
  readonly running?: string;
  /** Inode number of the active image while it is judged, or was given up: that it runs says nothing of it. */
  readonly unconfirmed?: string;
  readonly commandLine: string;
  readonly partitions: readonly (Partition & { readonly freeBytes?: number })[];
  readonly slots: readonly SlotFacts[];
  readonly environment: Readonly<Record<string, string>>;
  readonly hooks: readonly HookFile[];
}

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined };

export type Phase = 'run' | 'undo';

/** Facts about the log itself. */
export type LogEvent =
  /** First record of a chain. `previous` names the head it cannot show, when one was known. */
  | {
      readonly type: 'chain.started';
      readonly reason: 'first' | 'log-lost' | 'forked';
      readonly previous?: string;
    }
  /** A torn last line was cut off: never more than one record, never a completed append. */
  | { readonly type: 'log.repaired'; readonly segment: string; readonly cutBytes: number }
  /** Old segments were removed; `head` is the last hash of the last one removed. */
  | { readonly type: 'log.pruned'; readonly segments: readonly string[]; readonly head: string };

/** Facts about what others did to the disk. */
export type DeviceEvent =
  | { readonly type: 'device.adopted'; readonly slots: readonly SlotFacts[] }
  | {
      readonly type: 'slots.changed-outside';
      readonly before: readonly SlotFacts[];
      readonly after: readonly SlotFacts[];
    };

export type OperationEvent =
  | {
      readonly type: 'operation.started';
      readonly operation: string;
      readonly plan: Plan;
      /** Everything the steps need that was decided at the start. Secrets are redacted before. */
      readonly request: JsonValue;
      /** What would be installed (law 3). */
      readonly key: string;
      readonly tool: string;
      readonly inventory: Inventory;
      /** Whether COS_STATE was read-only before we opened it, to be restored at the end. */
      readonly stateWas: 'ro' | 'rw';
      /** Operation that caused this one. */
      readonly cause?: string;
    }
  | { readonly type: 'operation.resumed'; readonly tool: string; readonly inventory: Inventory }
  | { readonly type: 'operation.interrupted'; readonly reason: string }
  | {
      readonly type: 'rollback.requested';
      readonly by: 'abort' | 'failure' | 'attempts';
      readonly reason: string;
      /** The pivot was begun, and the disk shows that it was not made. */
      readonly pivot?: 'not-made';
    }
  /** The last record of an operation: nothing is held and nothing is owed. */
  | {
      readonly type: 'operation.completed';
      readonly outcome: 'completed' | 'rolled-back';
      /** Steps that failed without stopping the operation (`onFailure: report`). */
      readonly reported: readonly { readonly step: string; readonly error: RecordedError }[];
      readonly inventory: Inventory;
    };

export type StepEvent =
  | {
      readonly type: 'step.started';
      readonly step: string;
      readonly phase: Phase;
      readonly attempt: number;
      readonly to: string;
    }
  | {
      readonly type: 'step.completed';
      readonly step: string;
      readonly phase: Phase;
      readonly how: 'ran' | 'skipped';
      /** Why it was skipped. */
      readonly reason?: string;
      readonly output: JsonValue;
      /** State of the machine after this record: checked by every fold (law 7). */
      readonly to: string;
    }
  | {
      readonly type: 'step.failed';
      readonly step: string;
      readonly phase: Phase;
      readonly error: RecordedError;
      readonly to: string;
    }
  | {
      readonly type: 'target.spoiled';
      readonly step: string;
      readonly generation: number;
      readonly reason: string;
      readonly to: string;
    };

export type ResourceEvent =
  | { readonly type: 'resource.acquired'; readonly resource: string; readonly detail: JsonValue }
  | { readonly type: 'resource.released'; readonly resource: string };

export type LifecycleEvent =
  LogEvent | DeviceEvent | OperationEvent | StepEvent | ResourceEvent | HookEvent;

/** An event as it stands in the log. */
export interface EventRecord<E extends LifecycleEvent = LifecycleEvent> {
  readonly v: number;
  /** Position in the chain of this device, from 1. */
  readonly seq: number;
  readonly op: string;
  /** Wall clock, for people only: order is by `seq`. */
  readonly at: string;
  /** Monotonic milliseconds, for durations within one boot. */
  readonly mono: number;
  readonly event: E;
  /** Hash of the record before; 64 zeroes for the first of a chain. */
  readonly prev: string;
  readonly hash: string;
}

/** A segment of the log: one operation. */
export interface SegmentName {
  /** For instance `000042-upgrade-V1StGXR8`. */
  readonly segment: string;
  readonly number: number;
  readonly operation: string;
  readonly id: string;
}
