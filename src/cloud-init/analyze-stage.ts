import type { HookEvent } from '../system/port.ts';
import { throwIfInterrupted } from './interruption.ts';
import type { PlacedStep, Wait } from './graph.ts';
import { layersOf, stepLabel } from './graph.ts';
import { parts } from './parts/catalog.ts';
import { Report } from './report.ts';
import { readSteps } from './run-source.ts';
import type { StageSources } from './run-stage.ts';
import { commandLineSteps, noCommandLine, readSource, sourcesOf, stageNames } from './run-stage.ts';
import type { Step } from './step.ts';

/** A step as it would run. */
export interface PlannedStep {
  /** From 1; steps of the same number may run side by side. */
  readonly order: number;
  /** With `.before` or `.after`. */
  readonly stage: string;
  readonly source: string;
  readonly step: string;
  readonly line: number;
  /** Parts that do something, in their order. */
  readonly parts: readonly string[];
  /** What must hold for the step to run; not evaluated. */
  readonly conditions: readonly { readonly key: string; readonly value: string }[];
  /** Why it stands where it does; without any it is the first of its source. */
  readonly waitsFor: readonly {
    readonly because: Wait['because'];
    /** The steps, or for `file` the files, that come before. */
    readonly names: readonly string[];
  }[];
}

/** The order in which the steps of a stage would run, and what is wrong with their files. */
export interface StageAnalysis {
  readonly stage: string;
  readonly steps: readonly PlannedStep[];
  readonly failures: readonly string[];
  readonly warnings: readonly string[];
}

/** Reads what `runStage` would read and says what it would do; nothing is run and no condition is looked at. */
export async function analyzeStage(run: StageSources): Promise<StageAnalysis> {
  const warnings: string[] = [];
  const report = new Report(async (event) => {
    warnings.push(...warningOf(event));
  });
  const planned: PlannedStep[] = [];
  const plan = async (stage: string, steps: readonly PlacedStep[]): Promise<void> => {
    const { layers, waits, problems } = layersOf(steps);
    for (const { source, step, ...problem } of problems) {
      await report.fail({ stage, source, step }, problem);
    }
    for (const layer of layers) {
      const order = (planned.at(-1)?.order ?? 0) + 1;
      planned.push(...layer.map((placed) => describe(placed, { order, stage, waits })));
    }
  };
  for (const stage of stageNames(run.stage)) {
    for (const source of sourcesOf(run)) {
      throwIfInterrupted(run.signal);
      const texts = await readSource(source, run);
      await plan(stage, await readSteps(texts, 'yaml', { stage, report }));
    }
  }
  if (run.commandLine === undefined) {
    await report.fail(...noCommandLine(run.stage));
  } else {
    for (const stage of stageNames(run.stage)) {
      await plan(stage, await commandLineSteps(run.commandLine, { stage, report }));
    }
  }
  const { failures } = report.result();
  return {
    stage: run.stage,
    steps: planned,
    failures,
    // What is a warning in one of the three stages may be a failure in another.
    warnings: warnings.filter((warning) => !failures.includes(warning)),
  };
}

function warningOf(event: HookEvent): readonly string[] {
  if (event.type !== 'hook.warned') {
    return [];
  }
  const { source, warning, line, column } = event;
  const place = line === undefined ? '' : `:${String(line)}:${String(column ?? 1)}`;
  return [`${source}${place}: ${warning}`];
}

function describe(
  placed: PlacedStep,
  { order, stage, waits }: { order: number; stage: string; waits: readonly Wait[] },
): PlannedStep {
  const own = waits.filter(({ step }) => step === placed);
  const stepsBy = (because: Wait['because']) =>
    own.filter((wait) => wait.because === because).map(({ waitsFor }) => waitsFor);
  const named = {
    list: stepsBy('list').map(stepLabel),
    file: [...new Set(stepsBy('file').map(({ source }) => source))],
    after: stepsBy('after').map((step) => `${step.group}.${stepLabel(step)}`),
  };
  return {
    order,
    stage,
    source: placed.source,
    step: stepLabel(placed),
    line: placed.step.at.line,
    parts: parts.filter((part) => part.isAskedFor(placed.step)).map(({ name }) => name),
    conditions: conditionsOf(placed.step),
    waitsFor: (['list', 'file', 'after'] as const)
      .map((because) => ({ because, names: named[because] }))
      .filter(({ names }) => names.length > 0),
  };
}

function conditionsOf(step: Step): PlannedStep['conditions'] {
  const files = (step.if_files ?? []).map(({ key, value }) => `${key} of ${value.join(', ')}`);
  return [
    { key: 'node', value: step.node },
    { key: 'if', value: step.if?.text },
    { key: 'only_os', value: step.only_os },
    { key: 'only_os_version', value: step.only_os_version },
    { key: 'only_arch', value: step.only_arch },
    { key: 'only_service_manager', value: step.only_service_manager },
    { key: 'if_files', value: files.join('; ') },
  ].flatMap(({ key, value }) => (value ? [{ key, value }] : []));
}
