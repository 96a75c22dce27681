/** What hooks failed at, read from the log: a stage that is not strict goes on, and must not be silent about it. */
import type { EventRecord, LifecycleEvent } from '../../state/records.ts';

export interface HookFailure {
  /** A file that cannot be read fails in every stage. */
  readonly stages: readonly string[];
  readonly source: string;
  readonly line?: number;
  readonly column?: number;
  /** Absent when the whole file failed. */
  readonly step?: string;
  readonly part?: string;
  readonly error: string;
}

type Failed = Extract<LifecycleEvent, { type: 'hook.failed' }>;

/** Failures of hooks in the last run of every step of an operation, in their order: what was run again counts as it ended. */
export function hookFailures(records: readonly EventRecord[]): readonly HookFailure[] {
  const found = new Map<string, Failed[]>();
  let failures: Failed[] = [];
  for (const { event } of records) {
    if (event.type === 'step.started') {
      failures = [];
      found.set(`${event.phase} ${event.step}`, failures);
    }
    if (event.type === 'hook.failed') failures.push(event);
  }
  return merged([...found.values()].flat());
}

function merged(failures: readonly Failed[]): readonly HookFailure[] {
  const found = new Map<string, HookFailure>();
  for (const failure of failures) {
    const stage = stageOf(failure);
    const key = JSON.stringify({ ...failure, stage: failure.step === undefined ? '' : stage });
    const stages = new Set(found.get(key)?.stages).add(stage);
    found.set(key, { ...partsOf(failure), stages: [...stages] });
  }
  return [...found.values()];
}

/** A whole file is told in the first of the three stages that read it, and is meant for all. */
function stageOf({ stage, step }: Failed): string {
  return step === undefined ? stage.replace(/\.(before|after)$/, '') : stage;
}

function partsOf({ source, line, column, step, part, error }: Failed): Omit<HookFailure, 'stages'> {
  return {
    source,
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
    ...(step === undefined ? {} : { step }),
    ...(part === undefined ? {} : { part }),
    error,
  };
}
