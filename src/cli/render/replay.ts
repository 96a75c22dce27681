/** A fold, record by record; and what another fate would have come to. */
import type { WhatIf } from '../../replay/what-if.ts';
import { often } from '../../inspect/often.ts';
import type { ReplayedOperation } from '../commands/replay.ts';
import { errorText } from './error.ts';
import { printable } from './width.ts';

export function replayText(told: ReplayedOperation): string {
  const width = Math.max(0, ...told.transitions.map(({ seq }) => String(seq).length));
  const moves = told.transitions.map(({ seq, text, from, to }) => {
    const moved = to === undefined || from === to ? '' : `  -> ${to}`;
    return `${String(seq).padStart(width + 2)}  ${text}${moved}`;
  });
  const end =
    told.owes === undefined
      ? `ends in ${told.state ?? 'nothing'}`
      : `ends in ${told.state ?? 'nothing'}, and owes ${told.owes}`;
  return printable(
    [
      `${told.operation} ${told.id}`,
      ...moves,
      ...(told.error === undefined
        ? [end]
        : [`cannot be followed beyond record ${told.error.seq - 1}`, errorText(told.error)]),
      ...(told.again === undefined ? [] : againLines(told.again)),
    ].join('\n'),
  );
}

function againLines({ same, of, difference }: NonNullable<ReplayedOperation['again']>): string[] {
  if (difference === undefined) {
    return [`carried out again on a simulated machine: the same ${of} records in the same order`];
  }
  return [
    `carried out again on a simulated machine: ${same} of ${of} records came again, then`,
    `  recorded (record ${difference.seq}): ${difference.recorded}`,
    `  again: ${difference.again}`,
  ];
}

export function whatIfText(told: WhatIf): string {
  const resumed = told.processes > 1 ? `, after "resume" ${often(told.processes - 1)}` : '';
  const outcome = told.outcome === told.recorded ? 'as it was recorded' : `not ${told.recorded}`;
  return printable(
    [
      `what if, after record ${told.seq} (${told.after}), ${told.means}:`,
      ...told.then.map((line) => `  ${line}`),
      `${told.outcome}${resumed}: ${outcome}`,
      ...(told.error === undefined ? [] : [errorText(told.error)]),
      `the machine would start ${told.boots}`,
      ...(told.laws.length === 0 ? ['no law would be broken'] : told.laws),
    ].join('\n'),
  );
}
