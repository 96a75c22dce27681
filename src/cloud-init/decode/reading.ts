import type { Position } from '../yaml/node.ts';

/** Something a person should mend, with its place in the file. */
export interface Problem {
  readonly message: string;
  readonly at?: Position;
}

/** A problem as `lint` tells it. */
export interface CodedProblem extends Problem {
  /** Stable, kebab-case. */
  readonly code: string;
  /** What should stand there, where that can be said. */
  readonly expected?: string;
}

/** What was found while one part of a document was read: reading goes on after an error, to tell all at once. */
export interface Reading {
  readonly errors: CodedProblem[];
  readonly warnings: CodedProblem[];
}

export function newReading(): Reading {
  return { errors: [], warnings: [] };
}
