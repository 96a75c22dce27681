/** Runs hooks on the running system for a command: output as it comes, failures by their strictness. */
import type { CommandResult, Context } from './command.ts';
import { EXIT } from '../exit-codes.ts';
import { listenForStop } from './interruption.ts';
import type { StageOutcome } from './outcome.ts';
import { hookOutput } from './render/hook-output.ts';
import { placeOf } from './render/failed-hooks.ts';
import { printable } from './render/width.ts';
import type { Services, StageHooks } from './services.ts';
import type { HookEvent } from '../system/port.ts';

export interface StageRun {
  readonly run: (services: Services, hooks: StageHooks) => Promise<StageOutcome>;
  /** `strict`: a failure is exit 65; otherwise it is told, and the command succeeds as the reference's does. */
  readonly strictness: 'strict' | 'lenient';
}

export async function runStages(
  context: Context,
  { run, strictness }: StageRun,
): Promise<CommandResult> {
  const { host, screen } = context;
  const services = await context.services();
  const stop = listenForStop(host, screen);
  const hooks = hookOutput((line) => screen.note(line));
  let outcome: StageOutcome;
  try {
    outcome = await run(services, {
      signal: stop.signal,
      output: hooks.take,
      note: (text) => screen.note(text),
      event: (event) => {
        const line = troubleIn(event);
        if (line !== undefined) screen.note(line);
      },
    });
  } finally {
    hooks.end();
    stop.end();
  }
  const failed = outcome.failures.length > 0 && strictness === 'strict';
  return {
    exit: failed ? EXIT.cloudInit : EXIT.ok,
    document: outcome,
    text: stageText(outcome),
    says: 'summary',
  };
}

function stageText({ stage, stepsRun, stepsSkipped, failures }: StageOutcome): string {
  const skipped = stepsSkipped === 0 ? '' : `, ${stepsSkipped} skipped`;
  const failed = failures.length === 0 ? '' : `, ${failures.length} failed`;
  return [
    `stage ${stage}: ${stepsRun} ${stepsRun === 1 ? 'step' : 'steps'} run${skipped}${failed}`,
    ...failures.map((failure) => `  ${printable(failure)}`),
  ].join('\n');
}

/** What would not be seen otherwise; failures are told at the end. */
function troubleIn(event: HookEvent): string | undefined {
  if (event.type === 'hook.warned')
    return printable(`warning: ${placeOf(event)}: ${event.warning}`);
  if (event.type !== 'hook.skipped') return undefined;
  return printable(`skipped: ${event.source}, ${event.step}: ${event.reason}`);
}
