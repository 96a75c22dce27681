import type { HookEvent, StageResult } from '../system/port.ts';
import { readCommandLine, setupSources } from './command-line.ts';
import type { Problem } from './decode/reading.ts';
import { newReading } from './decode/reading.ts';
import { documentOf } from './document.ts';
import type { PlacedStep } from './graph.ts';
import { throwIfInterrupted } from './interruption.ts';
import type { Place } from './report.ts';
import { Report } from './report.ts';
import { runLayers, runSource, stepsOf } from './run-source.ts';
import type { StepSurroundings } from './run-step.ts';
import type { SourceText } from './sources.ts';
import { isUrl, readPath, readUrl } from './sources.ts';
import type { Target } from './target.ts';

/** Where hooks are looked for on every system, in this order. */
export const defaultPaths = ['/system/oem', '/oem', '/usr/local/cloud-config'] as const;

/** What is run, and from where it is read. */
export interface StageSources {
  /** Runs as `<stage>.before`, `<stage>`, `<stage>.after`. */
  readonly stage: string;
  /** Sources after the default ones: paths of the target, or URLs. Absent paths are passed over. */
  readonly extraPaths: readonly string[];
  /** Text of the kernel command line; `undefined` when it cannot be read, which is a failure of its own. */
  readonly commandLine: string | undefined;
  readonly target: Target;
  readonly signal: AbortSignal;
}

export interface StageRun extends StageSources {
  readonly emit: (event: HookEvent) => Promise<void>;
  readonly show?: (text: string) => void;
}

/**
 * Runs a stage: for each of its three names all sources in turn, then the three names again over the kernel command
 * line. Failures of hooks are told in the result; thrown is only an interruption, or a failure to record.
 */
export async function runStage(run: StageRun): Promise<StageResult> {
  const report = new Report(run.emit);
  const around: Omit<StepSurroundings, 'stage'> = {
    target: run.target,
    report,
    signal: run.signal,
    ...(run.show === undefined ? {} : { show: run.show }),
  };
  const stages = stageNames(run.stage);
  for (const stage of stages) {
    for (const source of sourcesOf(run)) {
      throwIfInterrupted(run.signal);
      await runSource(await readSource(source, run), 'yaml', { ...around, stage });
    }
  }
  if (run.commandLine === undefined) {
    await report.fail(...noCommandLine(run.stage));
    return report.result();
  }
  for (const stage of stages) {
    const surroundings = { ...around, stage };
    await runLayers(await commandLineSteps(run.commandLine, surroundings), surroundings);
  }
  return report.result();
}

const commandLineName = '/proc/cmdline';

/** The failure of a stage whose kernel command line cannot be read. */
export function noCommandLine(stage: string): readonly [Place, Problem] {
  return [
    { stage, source: commandLineName },
    { message: 'the kernel command line cannot be read' },
  ];
}

/** The three names of a stage, in the order in which they run. */
export function stageNames(stage: string): readonly string[] {
  return [`${stage}.before`, stage, `${stage}.after`];
}

/** Where the steps of a stage are read from, in this order; each is one graph. */
export function sourcesOf({ extraPaths, commandLine }: StageSources): readonly string[] {
  return [...defaultPaths, ...extraPaths, ...setupSources(commandLine ?? '')];
}

/** The texts of one source; none when it is not there. */
export async function readSource(
  source: string,
  run: Pick<StageSources, 'target' | 'signal'>,
): Promise<readonly SourceText[]> {
  if (isUrl(source)) {
    return [await readUrl(source, run)];
  }
  return (await readPath(source, run)) ?? [];
}

/**
 * A command line that holds no sound stages is told and passed over: it is not only ours. A word that has to be left out is
 * a failure; the others count all the same.
 */
export async function commandLineSteps(
  commandLine: string,
  around: Pick<StepSurroundings, 'stage' | 'report'>,
): Promise<readonly PlacedStep[]> {
  const { root, lost, warnings } = readCommandLine(commandLine);
  const document = documentOf(root, { stage: around.stage }, newReading());
  const told = [...warnings, ...document.warnings, ...document.errors];
  const read = { ...document, warnings: told, errors: [], lost };
  const steps = await stepsOf(commandLineName, read, around);
  return document.errors.length > 0 ? [] : steps;
}
