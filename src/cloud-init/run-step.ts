import { InterruptedError, SlotwrightError } from '../errors.ts';
import { BoundedOutput } from './bounded-output.ts';
import { reasonToSkip } from './conditions.ts';
import type { PlacedStep } from './graph.ts';
import { stepLabel } from './graph.ts';
import { throwIfInterrupted } from './interruption.ts';
import { parts } from './parts/catalog.ts';
import { EntryError } from './parts/entry-error.ts';
import type { PartContext } from './parts/part.ts';
import type { Report } from './report.ts';
import type { Target } from './target.ts';
import { TemplateError } from './template/template-error.ts';
import type { Position } from './yaml/node.ts';

/** What every step of a run shares. */
export interface StepSurroundings {
  readonly stage: string;
  readonly target: Target;
  readonly report: Report;
  readonly signal: AbortSignal;
  readonly show?: (text: string) => void;
}

/** Bytes of output that are recorded for each part of a step, and for each of its failures. */
const keptOutput = 64 * 1024;

/** Runs one step: conditions, then its parts in their fixed order. Only an interruption is thrown. */
export async function runStep(placed: PlacedStep, around: StepSurroundings): Promise<void> {
  const { stage, report } = around;
  const step = stepLabel(placed);
  const place = { stage, source: placed.source, step };
  const condition = openPart({ placed, around, part: 'if' });
  let reason: string | undefined;
  const judged = await condition.context.attempt(placed.step.at, async () => {
    reason = await reasonToSkip(placed.step, condition.context);
  });
  await condition.close();
  if (!judged || reason !== undefined) {
    const text = reason ?? 'its condition could not be judged';
    await report.emit({ type: 'hook.skipped', ...place, reason: text });
    return;
  }
  await report.emit({ type: 'hook.started', ...place });
  let failed = false;
  for (const part of parts.filter((candidate) => candidate.isAskedFor(placed.step))) {
    const open = openPart({ placed, around, part: part.name });
    await open.context.attempt(placed.step.at, () => part.run(placed.step, open.context));
    await open.close();
    failed ||= open.hasFailed();
  }
  if (!failed) {
    await report.emit({ type: 'hook.completed', ...place });
  }
}

interface OpenPart {
  readonly context: PartContext;
  readonly hasFailed: () => boolean;
  /** Tells the output that was kept. */
  readonly close: () => Promise<void>;
}

function openPart(opening: {
  readonly placed: PlacedStep;
  readonly around: StepSurroundings;
  readonly part: string;
}): OpenPart {
  const { placed, around, part } = opening;
  const { report, signal, target } = around;
  const step = stepLabel(placed);
  const place = { stage: around.stage, source: placed.source, step, part };
  let output = new BoundedOutput(keptOutput);
  let failed = false;

  /** Output comes before the failure that it explains. */
  const tellOutput = async (): Promise<void> => {
    const { text, truncated } = output.result();
    output = new BoundedOutput(keptOutput);
    if (text !== '') {
      await report.emit({ type: 'hook.output', ...place, text, truncated });
    }
  };

  const fail = async (message: string, at?: Position): Promise<void> => {
    failed = true;
    await tellOutput();
    await report.fail(place, { message, ...(at === undefined ? {} : { at }) });
  };
  const renderWith: PartContext['renderWith'] = async (text, data) => {
    if (!text.includes('{{')) {
      return text;
    }
    // Most hooks have no template: they need not wait for its functions to be loaded.
    const { renderTemplate } = await import('./template/render.ts');
    const values = await target.values();
    return renderTemplate(text, { Values: values, ...data }, target);
  };

  const context: PartContext = {
    target,
    signal,
    fail,
    renderWith,
    render: (text) => renderWith(text, {}),
    warn: (message, at) => report.warn(place, { message, ...(at === undefined ? {} : { at }) }),
    async exec(argv, options = {}) {
      throwIfInterrupted(signal);
      const decoder = new TextDecoder();
      const result = await target.exec({
        argv,
        signal,
        ...options,
        output: (chunk) => {
          output.add(chunk);
          around.show?.(decoder.decode(chunk, { stream: true }));
        },
      });
      throwIfInterrupted(signal);
      return result;
    },
    async attempt(at, work) {
      throwIfInterrupted(signal);
      try {
        await work();
        return true;
      } catch (error) {
        if (error instanceof InterruptedError || !isExpected(error)) {
          throw error;
        }
        throwIfInterrupted(signal);
        await fail(explain(error), at);
        return false;
      }
    },
  };
  return { context, hasFailed: () => failed, close: tellOutput };
}

type Expected = EntryError | TemplateError | SlotwrightError;

function isExpected(error: unknown): error is Expected {
  return (
    error instanceof EntryError ||
    error instanceof TemplateError ||
    error instanceof SlotwrightError
  );
}

function explain(error: Expected): string {
  const reason = error instanceof SlotwrightError ? error.reason : undefined;
  return reason === undefined ? error.message : `${error.message}: ${reason}`;
}
