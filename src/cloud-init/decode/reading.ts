import type { Position } from '../yaml/node.ts';

/** Something a person should mend, with its place in the file. */
export interface Problem {
  readonly message: string;
  readonly at?: Position;
}

/** What was found while one part of a document was read: reading goes on after an error, to tell all at once. */
export interface Reading {
  readonly errors: Problem[];
  readonly warnings: Problem[];
}

export function newReading(): Reading {
  return { errors: [], warnings: [] };
}
