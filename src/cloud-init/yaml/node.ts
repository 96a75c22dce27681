/** Where something stands in a text: both counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A scalar keeps its source text: only the reader knows whether `0123` is a number or a word. */
export interface ScalarNode {
  readonly kind: 'scalar';
  readonly text: string;
  /** Plain scalars may be null, numbers or booleans; quoted and block ones are always text. */
  readonly style: 'plain' | 'text';
  readonly at: Position;
}

export interface SequenceNode {
  readonly kind: 'sequence';
  readonly items: readonly YamlNode[];
  readonly at: Position;
}

export interface MappingEntry {
  readonly key: string;
  readonly at: Position;
  readonly value: YamlNode;
}

export interface MappingNode {
  readonly kind: 'mapping';
  /** In source order; each key once. */
  readonly entries: readonly MappingEntry[];
  readonly at: Position;
}

export type YamlNode = ScalarNode | SequenceNode | MappingNode;

/** A key that was given twice: the later one counts. */
export interface DuplicateKey {
  readonly key: string;
  readonly first: Position;
  readonly last: Position;
}

/** True for an absent value: nothing, `~`, `null`. */
export function isNull(node: YamlNode): boolean {
  return (
    node.kind === 'scalar' && node.style === 'plain' && /^(?:|~|null|Null|NULL)$/.test(node.text)
  );
}
