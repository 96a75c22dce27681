import { readDocument } from '../../../src/cloud-init/document.ts';
import { throwIfInterrupted } from '../../../src/cloud-init/interruption.ts';
import { EntryError } from '../../../src/cloud-init/parts/entry-error.ts';
import type { Part, PartContext } from '../../../src/cloud-init/parts/part.ts';
import type { Target } from '../../../src/cloud-init/target.ts';
import { SlotwrightError } from '../../../src/errors.ts';

export interface PartRun {
  readonly failures: string[];
  readonly warnings: string[];
}

/** Runs one part for the step that a mapping describes, and gathers what it tells. */
export async function runPart(
  part: Part,
  step: Readonly<Record<string, unknown>>,
  around: { readonly target: Target; readonly signal?: AbortSignal },
): Promise<PartRun> {
  const { target, signal = new AbortController().signal } = around;
  const text = JSON.stringify({ stages: { s: [step] } });
  const { steps, errors } = readDocument(text, { stage: 's', notation: 'yaml' });
  const [read] = steps;
  if (read === undefined || errors.length > 0) {
    throw new Error(`no step in ${text}: ${errors.map(({ message }) => message).join('; ')}`);
  }
  const told: PartRun = { failures: [], warnings: [] };
  const context: PartContext = {
    target,
    signal,
    render: async (template) => template,
    renderWith: async (template) => template,
    fail: async (message) => {
      told.failures.push(message);
    },
    warn: async (message) => {
      told.warnings.push(message);
    },
    exec: (argv, options = {}) =>
      target.exec({ argv, signal, ...options, output: () => undefined }),
    async attempt(_, work) {
      throwIfInterrupted(signal);
      try {
        await work();
        return true;
      } catch (error) {
        throwIfInterrupted(signal);
        if (!(error instanceof EntryError || error instanceof SlotwrightError)) {
          throw error;
        }
        told.failures.push(error.message);
        return false;
      }
    },
  };
  await context.attempt(undefined, () => part.run(read, context));
  return told;
}
