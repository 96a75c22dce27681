/** Runs one operation for a command, or plans it: progress, interruption, outcome, and what comes after it. */
import type { PowerAction } from '../config/upgrade-request.ts';
import { isGiven, type CommandResult, type Context, type Invocation } from './command.ts';
import { EXIT } from '../exit-codes.ts';
import { listenForStop } from './interruption.ts';
import type { OperationOutcome } from './outcome.ts';
import { outcomeText } from './render/outcome.ts';
import { planText } from './render/plan.ts';
import { createProgress } from './render/progress.ts';
import type { OperationHooks, Operations } from './services.ts';

export interface OperationRun {
  readonly run: (services: Operations, hooks: OperationHooks) => Promise<OperationOutcome>;
  readonly power?: PowerAction | undefined;
}

export async function runOperation(
  context: Context,
  invocation: Invocation,
  { run, power }: OperationRun,
): Promise<CommandResult> {
  const { host, screen } = context;
  const services = await context.services();
  if (isGiven(invocation, 'dry-run')) return planOperation(context, invocation, { run, power });
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

async function planOperation(
  context: Context,
  { command }: Invocation,
  { run, power }: OperationRun,
): Promise<CommandResult> {
  const { host, screen } = context;
  const services = await context.services();
  const stop = listenForStop(host, screen);
  try {
    const note = (text: string): void => screen.note(text);
    const made = await services.plan(command.name, run, { signal: stop.signal, note });
    const goes = made.exit === EXIT.ok;
    const exit = made.outcome === 'interrupted' ? (stop.exit() ?? made.exit) : made.exit;
    const report = { ...made, exit, ...(goes && power !== undefined ? { afterwards: power } : {}) };
    const text = planText(report, host.program);
    return { exit, document: report, text, says: goes ? 'answer' : 'summary' };
  } finally {
    stop.end();
  }
}

/** A repeat by an orchestrator must not reboot a machine that already runs what was asked for. */
function powerFor(
  { exit, outcome, rebootPending }: OperationOutcome,
  power: PowerAction | undefined,
): PowerAction | undefined {
  if (exit !== EXIT.ok) return undefined;
  return outcome === 'completed' || rebootPending ? power : undefined;
}
