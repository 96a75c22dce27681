/** The status screen: slots, what is unfinished, who judges, what was last, what to run. */
import type { StatusReport } from '../../inspect/status-report.ts';
import { often } from '../../inspect/often.ts';
import { duration, moment } from './quantity.ts';
import { slotTable } from './slots.ts';
import { table } from './table.ts';

export function statusText(report: StatusReport, program: string): string {
  const blocks = [
    `booted from ${report.bootedFrom}`,
    slotTable(report.slots),
    unfinishedText(report.unfinished),
    `${judgeText(report.judge)}\n${nextBootText(report.nextBoot)}`,
    lastText(report.last),
    report.warnings.map((warning) => `warning: ${warning}`).join('\n'),
    nextText(report.next, program),
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

function unfinishedText(unfinished: StatusReport['unfinished']): string {
  if (unfinished === undefined) return '';
  const { operation, id, startedAt, position, title, state, attempts, canAbort, error } =
    unfinished;
  const place = position === undefined ? '' : ` (step ${position.number}/${position.of})`;
  return [
    `unfinished: ${operation} ${id}, since ${moment(startedAt)} UTC`,
    `  owes ${state}${place}${title === undefined ? '' : `: ${title}`}`,
    ...(attempts > 0 ? [`  begun ${often(attempts)} without a result`] : []),
    ...(error === undefined ? [] : [`  failed: ${error.message}`]),
    ...(canAbort ? [] : ['  past the point of no return: it can only be continued']),
  ].join('\n');
}

function judgeText({ kind, attemptsLeft, reason }: StatusReport['judge']): string {
  if (kind === 'none') {
    return `boots are not judged${reason === undefined ? '' : `: ${reason}`}`;
  }
  const left = attemptsLeft === undefined ? '' : `, ${attemptsLeft} attempts left`;
  return `boots are judged by ${kind}${left}`;
}

function nextBootText({ slot, why }: StatusReport['nextBoot']): string {
  return `the next boot starts ${slot}: ${why}`;
}

function lastText(last: StatusReport['last']): string {
  if (last === undefined) return '';
  const source = last.source === undefined ? '' : `, ${last.source}`;
  const error = last.error === undefined ? '' : `\n  ${last.error.message}`;
  return `last: ${last.operation} ${last.id} ${last.outcome} ${moment(last.endedAt)} UTC in ${duration(last.activeMs)}${source}${error}`;
}

function nextText(next: StatusReport['next'], program: string): string {
  if (next.length === 0) return 'next: nothing to do';
  const line = (command: string) => (command === 'reboot' ? command : `${program} ${command}`);
  return `next:\n${table(
    next.map(({ command, why }) => [line(command), why]),
    '  ',
  )}`;
}
