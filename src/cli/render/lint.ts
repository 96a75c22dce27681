/** Findings as compilers print them, so that editors can jump there: `file:line:column: severity: message [code]`. */
import type { LintReport } from '../commands/lint.ts';
import { printable } from './width.ts';

export function lintText({ files, findings }: LintReport): string {
  return [...findings.flatMap(findingLines), summary(files.length, findings)].join('\n');
}

function findingLines(finding: LintReport['findings'][number]): readonly string[] {
  const { file, line, column, severity, message, expected, code } = finding;
  const place = line === undefined ? file : `${file}:${line}:${column ?? 1}`;
  const short = expected === undefined || message.includes(expected);
  return [
    `${place}: ${severity}: ${message} [${code}]`,
    ...(short ? [] : [`    expected: ${expected}`]),
  ].map(oneLine);
}

function summary(files: number, findings: LintReport['findings']): string {
  const counts = (['error', 'warning', 'note'] as const).flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [counted(count, severity)];
  });
  const found = counts.length === 0 ? 'nothing to mend' : counts.join(', ');
  return `${counted(files, 'file')} checked: ${found}`;
}

const counted = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? '' : 's'}`;

const oneLine = (text: string): string => printable(text).replaceAll('\n', ' ');
