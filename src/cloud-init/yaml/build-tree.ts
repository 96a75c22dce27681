import type { DuplicateKey, MappingEntry, MappingNode, Position, YamlNode } from './node.ts';
import { Leaf, readLeafKey } from './leaf.ts';
import { YamlSyntaxError } from './syntax-error.ts';

interface Origin {
  readonly starts: WeakMap<object, number>;
  readonly positionOf: (offset: number) => Position;
}

/** Aliases may multiply a short text into gigabytes; no sane configuration comes near this many nodes. */
const mostNodes = 200_000;

/** Turns what js-yaml loaded (keys printed by {@link Leaf}) into nodes; resolves `<<` and duplicate keys. */
export function buildTree(
  loaded: unknown,
  origin: Origin,
): { readonly root: YamlNode; readonly duplicates: readonly DuplicateKey[] } {
  const duplicates: DuplicateKey[] = [];
  const path = new Set<unknown>();
  let nodes = 0;

  const build = (value: unknown): YamlNode => {
    nodes += 1;
    if (nodes > mostNodes) {
      throw new YamlSyntaxError(`excessive aliasing: more than ${String(mostNodes)} nodes`);
    }
    if (value instanceof Leaf) {
      const at = origin.positionOf(value.start ?? 0);
      return { kind: 'scalar', text: value.text, style: value.style, at };
    }
    if (typeof value !== 'object' || value === null) {
      return { kind: 'scalar', text: '', style: 'plain', at: { line: 1, column: 1 } };
    }
    const at = origin.positionOf(startOf(value, origin));
    if (path.has(value)) {
      throw new YamlSyntaxError('an anchor contains itself', at);
    }
    path.add(value);
    const node: YamlNode = Array.isArray(value)
      ? { kind: 'sequence', items: value.map((item) => filled(build(item), at)), at }
      : mapping(value, at);
    path.delete(value);
    return node;
  };

  const mapping = (value: object, at: Position): MappingNode => {
    const own = new Map<string, MappingEntry>();
    const merged = new Map<string, MappingEntry>();
    for (const [printed, child] of Object.entries(value) as [string, unknown][]) {
      const key = readLeafKey(printed);
      if (key === undefined) {
        throw new YamlSyntaxError('a key must be a word, not a list or a mapping', at);
      }
      const keyAt = origin.positionOf(key.start);
      const node = filled(build(child), keyAt);
      if (key.text === '<<' && key.style === 'plain') {
        mergedEntries(node).forEach(
          (entry) => merged.has(entry.key) || merged.set(entry.key, entry),
        );
        continue;
      }
      const earlier = own.get(key.text);
      if (earlier !== undefined) {
        duplicates.push({ key: key.text, first: earlier.at, last: keyAt });
      }
      own.set(key.text, { key: key.text, at: keyAt, value: node });
    }
    own.forEach((_entry, key) => merged.delete(key));
    return { kind: 'mapping', entries: [...own.values(), ...merged.values()], at };
  };

  return { root: build(loaded), duplicates };
}

/** js-yaml tells no place for the mapping in `[a: b]`: it begins with its key. */
function startOf(value: object, { starts }: Origin): number {
  return starts.get(value) ?? readLeafKey(Object.keys(value)[0] ?? '')?.start ?? 0;
}

/** js-yaml tells no place for a value that is not there: it stands where its key or its list stands. */
function filled(node: YamlNode, at: Position): YamlNode {
  return node.kind === 'scalar' && node.text === '' && node.style === 'plain'
    ? { ...node, at }
    : node;
}

function mergedEntries(node: YamlNode): readonly MappingEntry[] {
  const sources = node.kind === 'sequence' ? node.items : [node];
  return sources.flatMap((source) => {
    if (source.kind !== 'mapping') {
      throw new YamlSyntaxError('`<<` merges mappings only', source.at);
    }
    return source.entries;
  });
}
