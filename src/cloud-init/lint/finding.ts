import type { Position } from '../yaml/node.ts';

/**
 * `error`: something would fail here. `warning`: it would run, but surely not as it was meant, or not with the
 * reference. `note`: worth knowing.
 */
export type Severity = 'error' | 'warning' | 'note';

/** Something about a hook file that a person should know before a machine runs it. */
export interface Finding {
  readonly severity: Severity;
  /** Stable, kebab-case. */
  readonly code: string;
  readonly message: string;
  /** What should stand there, where that can be said. */
  readonly expected?: string;
  /** Absent where it is about the whole text. */
  readonly at?: Position;
}

/** A finding of one of the files. */
export interface PlacedFinding extends Finding {
  readonly file: string;
}
