/** The last lines of an operation: what happened, what was reported on the way, what to do now. */
import type { OperationOutcome } from '../outcome.ts';
import { EXIT } from '../../exit-codes.ts';
import { whyAndNext } from './error.ts';
import { failedHookLine } from './failed-hooks.ts';
import { duration } from './quantity.ts';
import { slotTable } from './slots.ts';
import { printable } from './width.ts';

export function outcomeText(outcome: OperationOutcome, program: string): string {
  const lines = [printable(headline(outcome))];
  const hooks = failedHooks(outcome, program);
  lines.push(...hooks);
  for (const { step, error } of outcome.reported) {
    if (error.code === 'hook-failed' && hooks.length > 0) continue;
    lines.push(`  ${step} failed, and was passed over: ${error.message}`);
    lines.push(...whyAndNext(error).map((line) => `  ${line}`));
  }
  if (outcome.exit !== EXIT.ok && outcome.error !== undefined) {
    lines.push(...whyAndNext(outcome.error));
  }
  if (outcome.slots.length > 0) lines.push('', slotTable(outcome.slots));
  const next = nextOf(outcome, program);
  if (next !== undefined) lines.push('', next);
  return lines.join('\n');
}

/** Hooks that failed without stopping the operation; where they stopped it, the error has said so. */
function failedHooks(
  { failedHooks: failures, exit, error, id }: OperationOutcome,
  program: string,
): string[] {
  const told = exit !== EXIT.ok && error?.code === 'hook-failed';
  if (failures.length === 0 || told) return [];
  const history = `"${program} history ${id ?? 'last'}" shows what every hook did`;
  return [
    `${failures.length} ${failures.length === 1 ? 'failure' : 'failures'} of hooks, which stopped nothing (not strict):`,
    ...failures.map((failure) => `  ${failedHookLine(failure)}`),
    `  next: correct the files; ${history}`,
  ];
}

function headline({
  operation,
  outcome,
  id,
  error,
  owes,
  durationMs,
  exit,
}: OperationOutcome): string {
  const named = id === undefined ? operation : `${operation} ${id}`;
  const because = error === undefined ? '' : `: ${error.message}`;
  switch (outcome) {
    case 'completed':
      return `${named} completed in ${duration(durationMs)}`;
    case 'already-installed':
      return `already installed${id === undefined ? '' : ` by ${named}`}; nothing was changed`;
    case 'nothing-to-do':
      return 'nothing is unfinished; nothing was changed';
    case 'rolled-back':
      return exit === EXIT.ok
        ? `${named} undone; ${afterUndoing(operation)}`
        : `${named} failed and was undone; ${afterUndoing(operation)}${because}`;
    case 'interrupted':
      return `${named} interrupted${owes === undefined ? '' : ` at ${owes}`}; it can be continued`;
    case 'attention':
      return `${named} needs attention${owes === undefined ? '' : ` at ${owes}`}${because}`;
  }
}

/** A disk that was erased is not as it was; it boots nothing. */
function afterUndoing(operation: string): string {
  return operation === 'prepare-disk' || operation === 'install'
    ? 'nothing on the disk boots'
    : 'the machine is as before';
}

function nextOf(
  { operation, outcome, rebootPending, error }: OperationOutcome,
  program: string,
): string | undefined {
  switch (outcome) {
    case 'completed':
    case 'already-installed':
      return rebootPending ? 'next: reboot to start it' : undefined;
    case 'interrupted':
      if (operation === 'prepare-disk') return 'next: the same command again starts over';
      return `next: "${program} resume" continues it, "${program} abort" undoes it`;
    case 'attention':
      return error?.hint === undefined ? `next: see "${program} status"` : undefined;
    case 'nothing-to-do':
    case 'rolled-back':
      return undefined;
  }
}
