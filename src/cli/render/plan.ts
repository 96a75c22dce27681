/** A plan for people: the steps with what they do, write and leave at a power cut; then the room, and what boots next. */
import type { PlannedStepView, PlanReport } from '../../inspect/plan-report.ts';
import { errorText } from './error.ts';
import { bytes, duration } from './quantity.ts';
import { table } from './table.ts';
import { printable } from './width.ts';

export function planText(report: PlanReport, program: string): string {
  const { refusal, continues } = report;
  const blocks = [
    printable(headline(report)),
    continues === undefined ? '' : `it continues what is unfinished (${continues})`,
    report.steps.length === 0 ? '' : listed('before the first step', report.opening),
    ...report.steps.map(stepText),
    listed('after the last step', report.closing),
    roomText(report),
    hooksText(report),
    afterText(report),
    refusal === undefined ? '' : errorText(refusal),
    refusal === undefined && continues === undefined && report.steps.length > 0
      ? `next: "${program} ${report.operation}" with the same arguments does it`
      : '',
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

function headline({ operation, outcome, exit, expectedMs, steps }: PlanReport): string {
  if (exit !== 0) return `${operation} would not go (exit ${exit}); nothing was changed`;
  if (outcome === 'already-installed') {
    return `${operation} would change nothing: the same is installed already`;
  }
  if (steps.length === 0) return `${operation} would find nothing to do`;
  const time = expectedMs === undefined ? '' : `, in about ${duration(expectedMs)}`;
  return `${operation} would go, in ${steps.length} steps${time}; nothing was changed`;
}

function stepText(step: PlannedStepView, index: number): string {
  const { name, title, does, reason, effects, writes, expectedMs, powerLoss, phase } = step;
  const what = phase === 'undo' ? `undo: ${title}` : title;
  const head = `${String(index + 1).padStart(2)}  ${name}  ${what}`;
  if (does === 'skip') return `${head}\n    left out: ${printable(reason ?? '')}`;
  return [
    expectedMs === undefined ? head : `${head}  (about ${duration(expectedMs)})`,
    ...effects.map((effect) => `    ${printable(effect)}`),
    ...writes.map((one) => `    allocates ${bytes(one.bytes)} on ${one.fileSystem}`),
    ...(does === 'fail' ? [`    fails: ${printable(reason ?? '')}`] : []),
    ...(powerLoss === undefined ? [] : [`    power cut: ${printable(powerLoss.says)}`]),
  ].join('\n');
}

function listed(title: string, sentences: readonly string[]): string {
  if (sentences.length === 0) return '';
  return [`${title}:`, ...sentences.map((sentence) => `    ${printable(sentence)}`)].join('\n');
}

function roomText({ fileSystems, writtenBytes }: PlanReport): string {
  if (fileSystems.length === 0) return '';
  const heading = [
    'file system',
    'free now',
    'at its lowest',
    'afterwards',
    'allocated',
    'released',
  ];
  const rows = fileSystems.map((one) => [
    one.name,
    bytes(one.freeBytes),
    bytes(one.lowestFreeBytes),
    bytes(one.afterwardsFreeBytes),
    bytes(one.writtenBytes),
    `${bytes(one.releasedBytes)}${
      one.releasedByNextBootBytes === 0
        ? ''
        : `, and ${bytes(one.releasedByNextBootBytes)} with the next boot`
    }`,
  ]);
  return `${table([heading, ...rows])}\n\nallocates ${bytes(writtenBytes)} in all`;
}

function hooksText({ steps }: PlanReport): string {
  const stages = steps.flatMap(({ hooks }) => (hooks === undefined ? [] : [hooks]));
  if (stages.length === 0) return '';
  const files = [...new Set(stages.flatMap(({ files: read }) => read))];
  const names = stages.map(({ stage }) => stage).join(', ');
  if (files.length === 0) return `no hook files outside the image for ${names}`;
  return [
    `hooks of ${names} are read from these files, and from the image; what they do and write is theirs, and not counted:`,
    ...files.map((file) => `    ${printable(file)}`),
  ].join('\n');
}

function afterText({ nextBoot, afterwards, steps }: PlanReport): string {
  if (nextBoot === undefined || steps.length === 0) return '';
  const then = afterwards === undefined ? '' : `\nthen the machine would ${VERBS[afterwards]}`;
  return `the next boot would start ${nextBoot.slot}: ${nextBoot.why}${then}`;
}

const VERBS = { reboot: 'reboot', poweroff: 'power off' } as const;
