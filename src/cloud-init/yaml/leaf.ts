/**
 * A scalar on its way through js-yaml. As a mapping key it prints as text, NUL, offset; NUL cannot stand in a YAML
 * text, so the two halves can be told apart again (a key that has one by an escape is refused).
 */
export class Leaf {
  readonly text: string;
  readonly style: 'plain' | 'text';
  /** Offset in the source, once known. */
  start: number | undefined;

  constructor(text: string, style: 'plain' | 'text', start?: number) {
    this.text = text;
    this.style = style;
    this.start = start;
  }

  /** js-yaml prints only objects that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'Leaf';
  }

  toString(): string {
    return `${this.text}\0${this.style === 'plain' ? 'p' : 't'}${String(this.start ?? 0)}`;
  }
}

export interface LeafKey {
  readonly text: string;
  readonly style: 'plain' | 'text';
  readonly start: number;
}

/** The key that a leaf was printed as; what was no scalar has no NUL, or (a list of leaves) more than one. */
export function readLeafKey(printed: string): LeafKey | undefined {
  const cut = printed.indexOf('\0');
  return cut === -1 || cut !== printed.lastIndexOf('\0')
    ? undefined
    : {
        text: printed.slice(0, cut),
        style: printed[cut + 1] === 'p' ? 'plain' : 'text',
        start: Number(printed.slice(cut + 2)),
      };
}
