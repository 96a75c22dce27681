import type { PartContext } from '../part.ts';

/** What a provider says about this machine. */
export interface Findings {
  /** How the reference calls the provider in `/run/config/provider`. */
  readonly label: string;
  /** Absent when the provider has none, which is no failure. */
  readonly userData?: Uint8Array;
  /** Bits that user data may have at most: what only the superuser could read stays so. */
  readonly mode: number;
  readonly hostname?: string;
  readonly keys?: readonly string[];
  /** Further files below `/run/config`, by name. */
  readonly facts?: Readonly<Record<string, Uint8Array>>;
  /** 0644 when absent. */
  readonly factsMode?: number;
  /** What the provider waits for once everything is kept; the search is over by then. */
  readonly report?: () => Promise<void>;
}

/** What a provider may use while it looks. */
export interface Search {
  readonly context: PartContext;
  /** Also fires when another provider has won. */
  readonly signal: AbortSignal;
  /** For each request. */
  readonly limitSeconds: number;
  /** Where the service of a provider is, when not at its known address. */
  readonly origins: Readonly<Record<string, string | undefined>>;
  /** `path` of the key. */
  readonly path: string | undefined;
}

/** Looks for one provider. Throws an `EntryError` or `SystemError` that says why it is not there. */
export type Provider = (search: Search) => Promise<Findings>;
