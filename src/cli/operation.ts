/** Runs one operation for a command: progress, interruption, outcome, and what comes after it. */
import type { PowerAction } from '../config/upgrade-request.ts';
import type { CommandResult, Context } from './command.ts';
import { EXIT } from '../exit-codes.ts';
import { listenForStop } from './interruption.ts';
import type { OperationOutcome } from './outcome.ts';
import { outcomeText } from './render/outcome.ts';
import { createProgress } from './render/progress.ts';
import type { OperationHooks, Services } from './services.ts';

export interface OperationRun {
  readonly run: (services: Services, hooks: OperationHooks) => Promise<OperationOutcome>;
  readonly power?: PowerAction | undefined;
}

export async function runOperation(
  context: Context,
  { run, power }: OperationRun,
): Promise<CommandResult> {
  const { host, screen } = context;
  const services = await context.services();
  const progress = createProgress(screen, host.monotonic);
  const stop = listenForStop(host, screen);
  let outcome: OperationOutcome;
  try {
    outcome = await run(services, {
      ...progress,
      signal: stop.signal,
      note: (text) => screen.note(text),
    });
  } finally {
    stop.end();
    progress.end();
  }
  if (outcome.outcome === 'interrupted') {
    outcome = { ...outcome, exit: stop.exit() ?? outcome.exit };
  }
  const wanted = powerFor(outcome, power);
  return {
    exit: outcome.exit,
    document: outcome,
    text: outcomeText(outcome, host.program),
    says: 'summary',
    ...(wanted === undefined ? {} : { afterwards: () => services.power(wanted) }),
  };
}

/** A repeat by an orchestrator must not reboot a machine that already runs what was asked for. */
function powerFor(
  { exit, outcome, rebootPending }: OperationOutcome,
  power: PowerAction | undefined,
): PowerAction | undefined {
  if (exit !== EXIT.ok) return undefined;
  return outcome === 'completed' || rebootPending ? power : undefined;
}
