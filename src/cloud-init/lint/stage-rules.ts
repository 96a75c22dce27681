import { closestWord } from '../decode/closest-word.ts';
import type { ListedStage } from '../document.ts';
import { baseStage, knownStages } from '../known-stages.ts';
import { parts } from '../parts/catalog.ts';
import type { Step } from '../step.ts';
import type { Finding } from './finding.ts';
import { partFindings } from './part-rules.ts';

/** What can be said of a stage and its steps. */
export function stageFindings(listed: ListedStage): readonly Finding[] {
  const { stage, steps, reading } = listed;
  // What cannot be read may be what the step was to do.
  const isSound = reading.errors.length + reading.warnings.length === 0;
  return [
    ...whoRunsIt(listed),
    ...steps.flatMap((step, index) => [
      ...(isSound ? nothingAsked(step, `stages.${stage}[${String(index)}]`) : []),
      ...partFindings(step, stage),
    ]),
  ];
}

function whoRunsIt({ stage, at }: ListedStage): readonly Finding[] {
  const base = baseStage(stage);
  if (knownStages.includes(base)) {
    return [];
  }
  const meant = closestWord(base, knownStages);
  const hint = meant === undefined ? '' : `, did you mean \`${meant}${stage.slice(base.length)}\`?`;
  return [
    {
      severity: 'warning',
      code: 'unknown-stage',
      message: `no operation and no boot service runs the stage \`${stage}\`${hint}`,
      ...(meant === undefined ? {} : { expected: meant }),
      at,
    },
  ];
}

function nothingAsked(step: Step, what: string): readonly Finding[] {
  return parts.some((part) => part.isAskedFor(step))
    ? []
    : [{ severity: 'note', code: 'empty-step', message: `${what} does nothing`, at: step.at }];
}
