/** A proof for people: what was tried, what came of it, and how to see a violation once more. */
import type { ProofReportView } from '../commands/prove.ts';
import { duration } from './quantity.ts';

const SHOWN = 10;
const AGAIN =
  '  a stage that was cut is run again: a hook that then does something else leads to this';

export function proofText(report: ProofReportView, again: (point: string) => string): string {
  return [...report.operations.flatMap(operationLines), ...endLines(report, again)].join('\n');
}

function operationLines(one: ProofReportView['operations'][number]): readonly string[] {
  const { operation, records, seconds, leftOut, failedHooks } = one;
  const paths = leftOut.slice(0, SHOWN).map((path) => `  ${path} differs from run to run`);
  const more = leftOut.length - paths.length;
  return [
    `${operation}: ${String(records)} records, ${seconds.toFixed(1)} s when nothing cuts it`,
    ...failedHooks.map((clause) => `  a hook failed: ${clause}`),
    ...paths,
    ...(more > 0 ? [`  and ${String(more)} other paths`] : []),
  ];
}

function endLines(report: ProofReportView, again: (point: string) => string): readonly string[] {
  const { cuts, points, violations, ended, seconds, seed } = report;
  const made = `${String(cuts.power)} power cuts and ${String(cuts.kill)} kills in ${duration(seconds * 1000)}`;
  if (violations.length > 0) {
    return [
      ...violations.flatMap(({ point, sentences }) => [
        `violated at ${point}:`,
        ...sentences.map((sentence) => `  ${sentence}`),
        ...(sentences.some((sentence) => sentence.includes(', in /')) ? [AGAIN] : []),
        `  again: ${again(point)}`,
      ]),
      `${made}, seed ${String(seed)}`,
    ];
  }
  const left = points.all - points.tried;
  const end = {
    'everything tried': 'every point was tried',
    budget: `${String(left)} of ${String(points.all)} points were not reached: a longer --budget or another --seed tries them`,
    stopped: `stopped; ${String(left)} of ${String(points.all)} points were not tried`,
    violation: '',
  }[ended];
  return [`${made}, seed ${String(seed)}: every law held`, end];
}
