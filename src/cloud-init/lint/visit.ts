import type { ObjectShape, Shape } from '../decode/shape.ts';
import type { MappingEntry, MappingNode, YamlNode } from '../yaml/node.ts';

/** A value of a document and what the declaration says about it. */
export interface Visited {
  readonly node: YamlNode;
  readonly shape: Shape;
  /** Name of the value for people: `stages.boot[0].files[0].path`. */
  readonly what: string;
  /** Where it stands as the value of a known key. */
  readonly entry?: MappingEntry;
  /** The key as it is called, where `entry` spells it otherwise. */
  readonly proper?: string;
}

/** Goes over a value and all values below it that the declaration knows. */
export function visit(visited: Visited, each: (visited: Visited) => void): void {
  each(visited);
  const { node, shape, what } = visited;
  switch (shape.kind) {
    case 'list':
      if (node.kind === 'sequence') {
        node.items.forEach((item, index) =>
          visit({ node: item, shape: shape.item, what: `${what}[${String(index)}]` }, each),
        );
      }
      return;
    case 'entries':
      for (const { key, value } of node.kind === 'mapping' ? node.entries : []) {
        visit({ node: value, shape: shape.value, what: `${what}.${key}` }, each);
      }
      return;
    case 'object':
      if (node.kind === 'mapping') {
        visitFields({ ...visited, node, shape }, each);
      }
      return;
    case 'either': {
      const fitting = shape.of.find((one) => fits(one, node));
      if (fitting !== undefined) {
        visit({ ...visited, shape: fitting }, each);
      }
      return;
    }
    case 'text':
    case 'word':
    case 'integer':
    case 'signed':
    case 'mode':
    case 'octal-mode':
    case 'flag':
    case 'anything':
      return;
  }
}

function visitFields(
  visited: Visited & { readonly node: MappingNode; readonly shape: ObjectShape },
  each: (visited: Visited) => void,
): void {
  const { node, shape, what } = visited;
  for (const entry of node.entries) {
    const proper = own(shape.aliases, entry.key);
    const field = own(shape.fields, proper ?? entry.key);
    if (field !== undefined) {
      const named = proper === undefined ? { entry } : { entry, proper };
      visit({ node: entry.value, shape: field, what: `${what}.${entry.key}`, ...named }, each);
    }
  }
}

function fits(shape: Shape, { kind }: YamlNode): boolean {
  switch (shape.kind) {
    case 'list':
      return kind === 'sequence';
    case 'entries':
    case 'object':
      return kind === 'mapping';
    case 'either':
    case 'anything':
      return true;
    case 'text':
    case 'word':
    case 'integer':
    case 'signed':
    case 'mode':
    case 'octal-mode':
    case 'flag':
      return kind === 'scalar';
  }
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
