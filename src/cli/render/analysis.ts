/** The order of a stage's steps: a heading for each of its three names, a line for each step, and below it why it stands there. */
import type { StageAnalysis } from '../commands/run-stage.ts';
import { printable, truncate } from './width.ts';

type Step = StageAnalysis['steps'][number];

export function analysisText({ stage, steps, failures, warnings }: StageAnalysis): string {
  const groups = [...new Set(steps.map((step) => step.stage))];
  const problems = (kind: string, sentences: readonly string[]) =>
    sentences.map((sentence) => printable(`${kind}: ${sentence}`).replaceAll('\n', ' '));
  const said = [...problems('error', failures), ...problems('warning', warnings)];
  return [
    headline(stage, steps.length),
    ...groups.flatMap((group) => [
      '',
      group,
      ...steps.filter((step) => step.stage === group).flatMap((step) => stepLines(step, steps)),
    ]),
    ...(said.length === 0 ? [] : ['', ...said]),
  ].join('\n');
}

function headline(stage: string, count: number): string {
  return count === 0
    ? `no step would run in the stage ${stage}`
    : `${count} ${count === 1 ? 'step' : 'steps'} of the stage ${stage}, in this order; conditions are not evaluated`;
}

function stepLines(step: Step, all: readonly Step[]): readonly string[] {
  const beside = all.filter(({ order }) => order === step.order);
  const letter = beside.length > 1 ? letterOf(beside.indexOf(step)) : '';
  const does = step.parts.length === 0 ? 'nothing' : step.parts.join(', ');
  const indent = ' '.repeat(7);
  return [
    `  ${`${step.order}${letter}`.padStart(3)}  ${step.source}:${step.line}  ${step.step}: ${does}`,
    ...reasons(step, beside.length).map((line) => `${indent}${line}`),
    ...step.conditions.map(({ key, value }) => `${indent}condition ${key}: ${truncate(value, 70)}`),
  ].map((line) => printable(line).replaceAll('\n', ' '));
}

function reasons({ waitsFor }: Step, beside: number): readonly string[] {
  const lines = waitsFor.map(({ because, names }) => {
    switch (because) {
      case 'list':
        return `after ${names.join(', ')}, which stands before it`;
      case 'file':
        return `after the steps of ${names.join(', ')}`;
      case 'after':
        return `after ${names.join(', ')}, which it names`;
    }
  });
  const first = lines.length === 0 ? ['first of its source'] : lines;
  return beside > 1 ? [...first, `side by side with the others of this number`] : first;
}

/** `a` to `z`, then numbers. */
function letterOf(index: number): string {
  return index < 26 ? String.fromCodePoint(97 + index) : `.${index + 1}`;
}
