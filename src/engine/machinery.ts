/** What every command on a device is given, and how it ends. */
import type { Device } from '../../machines/step.ts';
import type { standingOfActive } from '../../machines/judgement.ts';
import type { SlotFacts } from '../../state/records.ts';
import type { Registry } from '../../state/registry-schema.ts';
import type { RecordedError } from '../errors.ts';
import type { Ids, System } from '../system/port.ts';
import type { HookFailure } from './hook-failures.ts';
import type { Observer } from './runner.ts';
import type { StateAccess } from './session.ts';

/** The machine, its memory, and who asks. */
export interface Machinery {
  readonly system: System;
  readonly state: StateAccess;
  readonly ids: Ids;
  /** Name and version of this tool, for the log. */
  readonly tool: string;
  /** Digest of a text, for keys. */
  readonly digest: (text: string) => string;
}

export interface Controls {
  readonly signal: AbortSignal;
  readonly observer: Observer;
}

/** How a command ended, for people and scripts. */
export interface Outcome {
  readonly id?: string;
  readonly operation: string;
  readonly outcome:
    | 'completed'
    | 'rolled-back'
    | 'already-installed'
    | 'nothing-to-do'
    | 'interrupted'
    | 'attention';
  readonly exit: number;
  readonly error?: RecordedError;
  readonly reported: readonly { readonly step: string; readonly error: RecordedError }[];
  /** What hooks failed at, whether or not that stopped anything; of earlier processes, too. */
  readonly failedHooks: readonly HookFailure[];
  /** State the machine stands in while something is owed. */
  readonly owes?: string;
  readonly resumed: boolean;
  readonly slots: readonly SlotFacts[];
  readonly device: Device;
  /** What the log says of the images, this operation included. */
  readonly registry: Registry;
  /** How the active image stands with its judge. */
  readonly active: Awaited<ReturnType<typeof standingOfActive>>['standing'];
  /** The next boot takes another image than the running one. */
  readonly rebootPending: boolean;
}
