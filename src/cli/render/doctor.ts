/** What the doctor did and found, the worst first. */
import type { Finding } from '../../inspect/diagnosis.ts';
import { printable } from './width.ts';

const ORDER = ['error', 'warning', 'info'] as const;

export function diagnosisText(findings: readonly Finding[], done: readonly string[]): string {
  const sorted = ORDER.flatMap((severity) => findings.filter((one) => one.severity === severity));
  const told = sorted.flatMap(({ severity, what, why, fix }) => [
    `${severity}: ${what}`,
    ...(why === undefined ? [] : [`  why:  ${why}`]),
    ...(fix === undefined
      ? []
      : [`  next: ${fix.says}${fix.by === 'hand' ? '' : ' by "slotwright doctor --fix"'}`]),
  ]);
  return printable(
    [
      ...done,
      ...(done.length > 0 ? [''] : []),
      ...(told.length === 0 ? ['the machine is as its log says'] : told),
    ].join('\n'),
  );
}
