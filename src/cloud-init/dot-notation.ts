import type { CodedProblem, Reading } from './decode/reading.ts';
import { splitWords } from './words.ts';
import type { MappingEntry, Position, YamlNode } from './yaml/node.ts';

/**
 * A document as words: `stages.boot[0].commands[0]="echo hi"`. A key may hold any letter, stage names with dots or blanks
 * stand in brackets (`stages["a.b"]`). A word without `=` means true. Values are data: they are never read as anything
 * else. Words that are no assignment are left out with a warning; of two words that cannot both hold the second is left
 * out, which is an error.
 */
export function parseDotNotation(source: string, reading: Reading): YamlNode | undefined {
  return buildFromWords(splitWords(source), reading);
}

/** As {@link parseDotNotation}, of words that are already split. */
export function buildFromWords(words: readonly string[], reading: Reading): YamlNode | undefined {
  const root: Branch = { kind: 'mapping', children: new Map() };
  for (const word of words) {
    const cut = word.indexOf('=');
    const key = cut === -1 ? word : word.slice(0, cut);
    const path = readPath(key);
    if (path === undefined) {
      const message = `\`${key}\` is no key and was left out`;
      reading.warnings.push({ code: 'no-key', message, expected: 'key=value' });
    } else if (!assign(root, path, cut === -1 ? 'true' : unquoted(word.slice(cut + 1)))) {
      reading.errors.push(conflict(word));
    }
  }
  return root.children.size === 0 ? undefined : toNode(root);
}

type Segment = string | number;

interface Branch {
  readonly kind: 'mapping' | 'sequence';
  readonly children: Map<Segment, Branch | string>;
}

/** No list on a command line is longer. */
const mostItems = 1000;

function readPath(key: string): readonly Segment[] | undefined {
  const segments: Segment[] = [];
  const part = /(\.?)([^.[\]"]+)|\[(\d+)\]|\["?([^\]"]+)"?\]/y;
  for (const text = key.startsWith('.') ? key.slice(1) : key; part.lastIndex < text.length;) {
    const first = part.lastIndex === 0;
    const match = part.exec(text);
    if (match === null || (match[2] !== undefined && (match[1] === '') !== first)) {
      return undefined;
    }
    segments.push(match[3] === undefined ? (match[2] ?? match[4] ?? '') : Number(match[3]));
  }
  const tooLong = segments.some((segment) => typeof segment === 'number' && segment >= mostItems);
  return segments.length === 0 || typeof segments[0] === 'number' || tooLong ? undefined : segments;
}

function unquoted(value: string): string {
  return value.replace(/^"+|"+$/g, '');
}

/** False, and nothing is changed, when something else stands there: a value and a group of values exclude each other. */
function assign(root: Branch, path: readonly Segment[], value: string): boolean {
  let branch = root;
  for (const [depth, segment] of path.entries()) {
    const child = branch.children.get(segment);
    const next = path[depth + 1];
    const kind = typeof segment === 'number' ? 'sequence' : 'mapping';
    if (branch.kind !== kind) {
      return false;
    }
    if (next === undefined) {
      if (typeof child === 'object') {
        return false;
      }
      branch.children.set(segment, value);
      return true;
    }
    if (typeof child === 'string') {
      return false;
    }
    const made = child ?? {
      kind: typeof next === 'number' ? 'sequence' : 'mapping',
      children: new Map<Segment, Branch | string>(),
    };
    branch.children.set(segment, made);
    branch = made;
  }
  return false;
}

function conflict(word: string): CodedProblem {
  const message = `a value cannot be a group of values, too, the word is left out: \`${word}\``;
  return { code: 'conflict', message, at: nowhere };
}

const nowhere: Position = { line: 1, column: 1 };

function toNode(branch: Branch | string | undefined): YamlNode {
  if (branch === undefined) {
    return { kind: 'scalar', text: '', style: 'plain', at: nowhere };
  }
  if (typeof branch === 'string') {
    return { kind: 'scalar', text: branch, style: 'text', at: nowhere };
  }
  if (branch.kind === 'mapping') {
    const entries = [...branch.children].map(([key, child]): MappingEntry => ({
      key: String(key),
      at: nowhere,
      value: toNode(child),
    }));
    return { kind: 'mapping', entries, at: nowhere };
  }
  const length = Math.max(...[...branch.children.keys()].map(Number)) + 1;
  const items = Array.from({ length }, (_, index) => toNode(branch.children.get(index)));
  return { kind: 'sequence', items, at: nowhere };
}
