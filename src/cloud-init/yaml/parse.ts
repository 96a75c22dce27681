import { Schema, Type, YAMLException, loadAll } from 'js-yaml';
import type { State } from 'js-yaml';
import { bytesToText } from '../byte-text.ts';
import type { DuplicateKey, Position, YamlNode } from './node.ts';
import { buildTree } from './build-tree.ts';
import { Leaf } from './leaf.ts';
import { YamlSyntaxError } from './syntax-error.ts';

export interface ParsedYaml {
  /** Absent when the text holds nothing but comments. */
  readonly root?: YamlNode;
  readonly duplicates: readonly DuplicateKey[];
  /** Where a second document begins, which is not read. */
  readonly second?: Position;
}

/**
 * Reads the first document of a text. Scalars keep their source text, keys and values their position, and a key that
 * is given twice is no error: the last one counts, as in the reference (the field manual's own sample needs it).
 *
 * js-yaml gives neither. So every scalar becomes a {@link Leaf} while it reads: as a key a leaf prints as its text and
 * its offset, which makes all keys of the loaded object distinct and ordered, and lets us pair them again afterwards.
 */
export function parseYaml(text: string): ParsedYaml {
  // The line break of mainframes, which js-yaml takes for a letter and the reference for what it is.
  const source = text.replace(/^\uFEFF/, '').replaceAll('\u0085', '\n');
  const starts = new WeakMap<object, number>();
  const found = read(source, starts);
  const positionOf = positions(source);
  const second = found.second === undefined ? {} : { second: positionOf(found.second) };
  if (found.value === undefined || found.value === null) {
    return { duplicates: [], ...second };
  }
  return { ...buildTree(found.value, { starts, positionOf }), ...second };
}

const anyTag = (kind: 'scalar' | 'sequence' | 'mapping') =>
  new Type('!', { kind, multi: true, resolve: () => true, construct: keep });
const typed = (name: string) =>
  new Type(`tag:yaml.org,2002:${name}`, {
    kind: 'scalar',
    resolve: () => true,
    construct: (data: unknown) => new Leaf(words(data), 'plain'),
  });
const keep = (data: unknown): unknown => data;

const schema = new Schema({
  implicit: [
    new Type('tag:yaml.org,2002:null', {
      kind: 'scalar',
      resolve: () => true,
      construct: (data: unknown) => new Leaf(words(data), 'plain'),
    }),
  ],
  explicit: [
    new Type('tag:yaml.org,2002:str', { kind: 'scalar', resolve: () => true, construct: textual }),
    new Type('tag:yaml.org,2002:seq', { kind: 'sequence', construct: keep }),
    new Type('tag:yaml.org,2002:map', { kind: 'mapping', construct: keep }),
    ...['int', 'float', 'bool', 'timestamp'].map(typed),
    new Type('tag:yaml.org,2002:binary', {
      kind: 'scalar',
      resolve: () => true,
      construct: binary,
    }),
    anyTag('scalar'),
    anyTag('sequence'),
    anyTag('mapping'),
  ],
});

/** A scalar of js-yaml's is a text, or nothing. */
function words(data: unknown): string {
  return typeof data === 'string' ? data : '';
}

function textual(data: unknown): Leaf {
  return new Leaf(words(data), 'text');
}

/** Bytes stay what they are, see {@link bytesToText}. */
function binary(data: unknown): Leaf {
  const letters = words(data).replace(/\s/g, '');
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(letters)) {
    throw new YAMLException('a `!!binary` value must be base64');
  }
  return new Leaf(bytesToText(Buffer.from(letters, 'base64')), 'text');
}

/** Ends the reading at the second document: whatever stands there is not ours to judge. */
class SecondDocument extends Error {}

interface FirstDocument {
  value: unknown;
  read: boolean;
  /** Offset of the second document. */
  second?: number;
}

function read(source: string, starts: WeakMap<object, number>): FirstDocument {
  const first: FirstDocument = { value: undefined, read: false };
  const opened: number[] = [];
  const listener = (event: 'open' | 'close', state: State): void => {
    if (event === 'open') {
      if (first.read) {
        first.second = contentStart(source, state.position);
        throw new SecondDocument();
      }
      opened.push(state.position);
      return;
    }
    const result: unknown = state.result;
    if (typeof result === 'string' && /\p{Surrogate}/u.test(result)) {
      throw new YAMLException('half a letter: a surrogate stands alone');
    }
    const start = contentStart(source, opened.pop() ?? 0);
    if (typeof result === 'string') {
      state.result = new Leaf(result, 'text', start);
    } else if (result instanceof Leaf) {
      result.start ??= start;
    } else if (typeof result === 'object' && result !== null && !starts.has(result)) {
      starts.set(result, start);
    }
    if (opened.length === 0) {
      first.value = state.result;
      first.read = true;
    }
  };
  try {
    loadAll(source, null, {
      schema,
      listener(event, state) {
        listener(event, state);
      },
    });
  } catch (error) {
    if (error instanceof YAMLException) {
      const innermost = contentStart(source, opened.at(-1) ?? 0);
      throw new YamlSyntaxError(error.reason, markPosition(error, source, innermost));
    }
    if (!(error instanceof SecondDocument)) {
      throw error;
    }
  }
  return first;
}

/**
 * An error at the end of a text stands at its last character: js-yaml counts a line break that nobody wrote. One of ours
 * has no mark: it is about the node that was being read.
 */
function markPosition(error: YAMLException, source: string, innermost: number): Position {
  const mark: unknown = error.mark;
  const offset =
    typeof mark === 'object' && mark !== null && 'position' in mark
      ? Number(mark.position)
      : innermost;
  return positions(source)(Math.min(offset, source.length));
}

/** Where a node really begins: js-yaml opens it before the blanks and comments that lead to it. */
function contentStart(source: string, opened: number): number {
  const blank = /(?:[ \t\r\n]+|#[^\n]*)*/y;
  blank.lastIndex = opened;
  const skipped = blank.exec(source)?.[0].length ?? 0;
  return Math.min(opened + skipped, source.length);
}

function positions(source: string): (offset: number) => Position {
  const lines = [0];
  for (let at = source.indexOf('\n'); at !== -1; at = source.indexOf('\n', at + 1)) {
    lines.push(at + 1);
  }
  return (offset) => {
    let low = 0;
    let high = lines.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((lines[middle] ?? 0) <= offset) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return { line: low + 1, column: offset - (lines[low] ?? 0) + 1 };
  };
}
