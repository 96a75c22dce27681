import { runCloudInit } from '../../../src/cloud-init/run-cloud-init.ts';
import type { Target } from '../../../src/cloud-init/target.ts';
import type { HookEvent } from '../../../src/system/port.ts';
import { ConfinedFiles } from '../../../src/system/linux/confined-files.ts';
import { hookEnvironment, runningSystem } from '../../../src/system/linux/stages.ts';

export interface Told {
  readonly events: readonly HookEvent[];
  readonly failures: readonly string[];
  readonly warnings: readonly string[];
}

/** Runs a document of hooks on this very machine; `around` may stand between the engine and it. */
export async function runHere(
  document: string,
  around: (target: Target) => Target = (target) => target,
): Promise<Told> {
  const files = await ConfinedFiles.open('/');
  const events: HookEvent[] = [];
  try {
    const { failures } = await runCloudInit({
      stage: 's',
      sources: ['-'],
      notation: 'yaml',
      stdin: async () => document,
      target: around(runningSystem(files, hookEnvironment({}, {}))),
      signal: new AbortController().signal,
      emit: async (event) => {
        events.push(event);
      },
    });
    const warnings = events.flatMap((event) =>
      event.type === 'hook.warned' ? [event.warning] : [],
    );
    return { events, failures, warnings };
  } finally {
    await files.close();
  }
}

/** A document with one step. */
export function oneStep(step: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ stages: { s: [step] } });
}
