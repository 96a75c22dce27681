/** One source of settings: values by full key, each with where it was said. Later layers win, key by key. */
export interface Setting {
  readonly value: unknown;
  /** For people: a file, `environment ELEMENTAL_STRICT`, `flag --strict`. */
  readonly from: string;
}

export type Layer = ReadonlyMap<string, Setting>;

/** Something in the configuration that was passed over. `quiet`: only worth telling when somebody is debugging. */
export interface ConfigWarning {
  readonly from: string;
  readonly key?: string;
  readonly text: string;
  readonly level: 'loud' | 'quiet';
}
