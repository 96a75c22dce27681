/**
 * What a decoder takes, as data: the reader, the JSON Schema for editors, the checks of `lint` and the table of keys in
 * the documentation all come from the one declaration that builds the decoders.
 */
export type Shape = ShapeNotes &
  (
    | { readonly kind: 'text'; readonly holds?: TextContent }
    | { readonly kind: 'integer' | 'signed' | 'mode' | 'octal-mode' | 'flag' | 'anything' }
    /** This word and no other. */
    | { readonly kind: 'word'; readonly word: string }
    | { readonly kind: 'list'; readonly item: Shape }
    | { readonly kind: 'entries'; readonly value: Shape; readonly keys?: KeyRule }
    | ObjectShape
    /** At most one of them for each kind of node. */
    | { readonly kind: 'either'; readonly of: readonly Shape[] }
  );

export interface ObjectShape extends ShapeNotes {
  readonly kind: 'object';
  readonly fields: Readonly<Record<string, Shape>>;
  /** Further spellings of fields, by the spelling. */
  readonly aliases: Readonly<Record<string, string>>;
  /** Fields without which the entry cannot be done. */
  readonly needs: readonly string[];
  readonly otherwise: Otherwise;
}

export interface ShapeNotes {
  /** One line for people: what the key does. */
  readonly says?: string;
  /** Who else knows the key: the first release of the reference's engine, or nobody but us. Absent: everybody. */
  readonly since?: Since;
}

export type Since = `v${number}.${number}.${number}` | 'only here';

/** What comes of a wrong value: a failure, or the step or entry is left out. */
export type Otherwise = 'fails' | 'skips';

/** What the letters of a text mean; a plain text has none. */
export type TextContent =
  /** Go template with `.Values`. */
  | { readonly what: 'template' | 'command' | 'content' | 'host-name' }
  | { readonly what: 'path' | 'address' | 'expression' | 'entity' | 'password' | 'step' | 'unit' }
  | Choice;

export interface Choice {
  readonly what: 'choice';
  readonly words: readonly string[];
  readonly letterCase: 'exact' | 'any';
  readonly otherwise: Otherwise;
}

/** What the free keys of a mapping must be. */
export interface KeyRule {
  readonly pattern: RegExp;
  /** `the name of a variable`. */
  readonly wanted: string;
  readonly words?: readonly string[];
  readonly otherwise: Otherwise;
}
