import type { Position } from '../yaml/node.ts';
import type { Step } from '../step.ts';
import type { ExecResult, Target } from '../target.ts';

/** One kind of work of a step. The parts of a step run in a fixed order; each runs although others failed. */
export interface Part {
  /** The key in the document. */
  readonly name: string;
  isAskedFor(step: Step): boolean;
  run(step: Step, context: PartContext): Promise<void>;
}

export interface PartContext {
  readonly target: Target;
  /** Fills in a template with `.Values`; throws a `TemplateError`. */
  readonly render: (text: string) => Promise<string>;
  /** As `render`, with further data beside `.Values`. */
  readonly renderWith: (text: string, data: Readonly<Record<string, unknown>>) => Promise<string>;
  /** Tells a failure; the part goes on with its next entry. */
  readonly fail: (message: string, at?: Position) => Promise<void>;
  readonly warn: (message: string, at?: Position) => Promise<void>;
  /** Runs a program; its output is kept (bounded) and shown. */
  readonly exec: (
    argv: readonly [string, ...string[]],
    options?: { readonly environment?: Readonly<Record<string, string>>; readonly stdin?: string },
  ) => Promise<ExecResult>;
  /** Runs `work` for one entry: what it throws is a failure of this entry, told with the place. */
  readonly attempt: (at: Position | undefined, work: () => Promise<void>) => Promise<boolean>;
  readonly signal: AbortSignal;
}
