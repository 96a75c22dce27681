import type { Notation, StageDocument } from './document.ts';
import { readDocument } from './document.ts';
import type { PlacedStep } from './graph.ts';
import { layersOf } from './graph.ts';
import { throwIfInterrupted } from './interruption.ts';
import type { StepSurroundings } from './run-step.ts';
import { runStep } from './run-step.ts';
import type { SourceText } from './sources.ts';

/** Runs one stage over the texts of one source: one graph, in layers. A text that cannot be read fails alone. */
export async function runSource(
  texts: readonly SourceText[],
  notation: Notation,
  around: StepSurroundings,
): Promise<void> {
  await runLayers(await readSteps(texts, notation, around), around);
}

/** The steps of one stage in the texts of one source; what is wrong with a text is told. */
export async function readSteps(
  texts: readonly SourceText[],
  notation: Notation,
  around: Pick<StepSurroundings, 'stage' | 'report'>,
): Promise<readonly PlacedStep[]> {
  const steps: PlacedStep[] = [];
  for (const text of texts) {
    if ('error' in text) {
      await around.report.fail({ stage: around.stage, source: text.name }, { message: text.error });
    } else {
      const document = readDocument(text.text, { stage: around.stage, notation });
      steps.push(...(await stepsOf(text.name, document, around)));
    }
  }
  return steps;
}

/** Tells what is wrong with a document; its steps, unless it is refused. */
export async function stepsOf(
  source: string,
  document: StageDocument,
  { stage, report }: Pick<StepSurroundings, 'stage' | 'report'>,
): Promise<readonly PlacedStep[]> {
  for (const warning of document.warnings) {
    await report.warn({ stage, source }, warning);
  }
  for (const error of [...document.errors, ...document.lost]) {
    await report.fail({ stage, source }, error);
  }
  return document.errors.length > 0
    ? []
    : document.steps.map((step, index) => ({
        source,
        group: document.name ?? source,
        index,
        step,
      }));
}

export async function runLayers(
  steps: readonly PlacedStep[],
  around: StepSurroundings,
): Promise<void> {
  const { layers, problems } = layersOf(steps);
  for (const { source, step, ...problem } of problems) {
    await around.report.fail({ stage: around.stage, source, step }, problem);
  }
  for (const layer of layers) {
    throwIfInterrupted(around.signal);
    // Side by side, as the dialect says: steps may wait for each other's work.
    const ends = await Promise.allSettled(layer.map((placed) => runStep(placed, around)));
    const broken = ends.find((end) => end.status === 'rejected');
    if (broken !== undefined) {
      throw broken.reason;
    }
  }
}
