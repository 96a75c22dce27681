import { RE2JS, RE2JSException } from 're2js';

/**
 * A regular expression with the syntax and the meaning it has in Go (RE2): no back-references and no look-around, and
 * for that the time of a search grows with the text only. Searches are not anchored. `most` bounds the number of
 * matches as in Go: all when negative.
 */
export interface Expression {
  test(text: string): boolean;
  find(text: string): string | undefined;
  findAll(text: string, most: number): readonly string[];
  /** `$1`, `$name` and `${name}` in the replacement stand for groups, `$$` for a dollar sign. */
  replaceAll(text: string, replacement: string): string;
  replaceAllLiteral(text: string, replacement: string): string;
  split(text: string, most: number): readonly string[];
}

export type CompiledExpression =
  | { readonly expression: Expression; readonly problem?: undefined }
  | { readonly expression?: undefined; readonly problem: string };

/** Compiles an expression; `problem` says why it is none. */
export function compileExpression(source: string): CompiledExpression {
  try {
    return { expression: expressionOf(RE2JS.compile(source), source) };
  } catch (error) {
    if (error instanceof RE2JSException) {
      return { problem: error.message.replace(/^error parsing regexp: /, '') };
    }
    throw error;
  }
}

/** The expression that matches exactly this text. */
export function quoteMeta(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}

/** Offsets of a match and of each group, in pairs; -1 for a group that took no part. */
type Match = readonly number[];

function expressionOf(compiled: RE2JS, source: string): Expression {
  const textOf = (text: string, match: Match, group: number): string => {
    const [start = -1, end = -1] = match.slice(2 * group, 2 * group + 2);
    return start < 0 ? '' : text.slice(start, end);
  };
  const replace = (text: string, by: (match: Match) => string): string => {
    let result = '';
    let end = 0;
    for (const match of matches(compiled, text, -1)) {
      result += text.slice(end, match[0]) + by(match);
      end = match[1] ?? end;
    }
    return result + text.slice(end);
  };
  return {
    test: (text) => compiled.test(text),
    find: (text) => matches(compiled, text, 1).map((match) => textOf(text, match, 0))[0],
    findAll: (text, most) => matches(compiled, text, most).map((match) => textOf(text, match, 0)),
    replaceAll: (text, replacement) =>
      replace(text, (match) =>
        expand(replacement, (name) => textOf(text, match, groupNumber(name, compiled))),
      ),
    replaceAllLiteral: (text, replacement) => replace(text, () => replacement),
    split: (text, most) =>
      source !== '' && text === '' && most !== 0
        ? ['']
        : split(text, matches(compiled, text, most), most),
  };
}

/** Matches from left to right; an empty one beside the match before it is none, as in Go. */
function matches(compiled: RE2JS, text: string, most: number): readonly Match[] {
  const found: unknown = compiled.re2().findAllSubmatchIndex(text, most);
  return Array.isArray(found) ? found.map((match: unknown) => offsets(match)) : [];
}

function offsets(match: unknown): Match {
  return Array.isArray(match) ? match.map(Number) : [];
}

/** A group's name is as long as it can be: `$1x` is the group `1x`, which there is not. */
function expand(replacement: string, group: (name: string) => string): string {
  return replacement.replace(
    /\$(?:(\$)|([\p{L}\p{Nd}_]+)|\{([\p{L}\p{Nd}_]+)\})/gu,
    (_all, dollar: string | undefined, name: string | undefined, braced: string | undefined) =>
      dollar ?? group(name ?? braced ?? ''),
  );
}

/** Beyond all groups when there is none of this name. */
function groupNumber(name: string, compiled: RE2JS): number {
  if (/^(?:0|[1-9]\d{0,8})$/.test(name)) {
    return Number(name);
  }
  const groups = compiled.namedGroups();
  return Object.hasOwn(groups, name) ? (groups[name] ?? Infinity) : Infinity;
}

function split(text: string, found: readonly Match[], most: number): readonly string[] {
  const pieces: string[] = [];
  let from = 0;
  let to = 0;
  for (const [start = 0, end = 0] of most === 0 ? [] : found) {
    if (most > 0 && pieces.length === most - 1) {
      break;
    }
    to = start;
    if (end !== 0) {
      pieces.push(text.slice(from, to));
    }
    from = end;
  }
  return most === 0 || to === text.length ? pieces : [...pieces, text.slice(from)];
}
