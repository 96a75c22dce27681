import type { NumberLiteral } from './number-literal.ts';
import type { Value } from './values.ts';

/** What a template says, once parsed. */
export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly pipeline: Pipeline }
  | {
      readonly kind: 'if' | 'with' | 'range';
      readonly pipeline: Pipeline;
      readonly then: readonly Part[];
      readonly otherwise: readonly Part[];
    }
  | { readonly kind: 'template'; readonly name: string; readonly pipeline?: Pipeline }
  | { readonly kind: 'break' | 'continue' };

export interface Pipeline {
  /** `$x := `, `$x = `, `$i, $v := `. */
  readonly assigns?: { readonly variables: readonly string[]; readonly declares: boolean };
  readonly commands: readonly Call[];
}

/** A function or value, and its arguments; a pipe adds the value before as the last one. */
export interface Call {
  readonly head: Operand;
  readonly args: readonly Operand[];
}

export type Operand =
  | { readonly kind: 'literal'; readonly value: Value | NumberLiteral }
  | { readonly kind: 'dot'; readonly fields: readonly string[] }
  | { readonly kind: 'variable'; readonly name: string; readonly fields: readonly string[] }
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'group'; readonly pipeline: Pipeline; readonly fields: readonly string[] };

export interface ParsedTemplate {
  readonly parts: readonly Part[];
  readonly defined: ReadonlyMap<string, readonly Part[]>;
}
