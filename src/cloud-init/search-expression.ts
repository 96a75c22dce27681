import type { Expression } from './regular-expression.ts';
import { compileExpression } from './regular-expression.ts';

/** What a condition searches a fact for. */
export interface SearchExpression {
  test(text: string): boolean;
}

export type CompiledSearch =
  | { readonly search: SearchExpression; readonly problem?: undefined }
  | { readonly search?: undefined; readonly problem: string };

/**
 * A regular expression of a condition: RE2, and the one form of look-ahead that the reference's documentation shows
 * although its engine refuses it: at the start of the text (`^(?!ubuntu).*`). That one needs no look-around at all: it
 * is several searches from the start.
 */
export function compileSearch(source: string): CompiledSearch {
  const { expression, problem } = compileExpression(source);
  if (problem === undefined) {
    return { search: expression };
  }
  const search = lookAhead(source);
  return search === undefined ? { problem } : { search };
}

function lookAhead(source: string): SearchExpression | undefined {
  const [all = '', flags = '', sign] = /^((?:\(\?[isU]+\))?)\^\(\?([=!])/.exec(source) ?? [];
  if (sign === undefined) {
    return undefined;
  }
  const text = source.slice(all.length);
  for (let at = text.indexOf(')'); at !== -1; at = text.indexOf(')', at + 1)) {
    const ahead = anchored(flags, text.slice(0, at));
    if (ahead !== undefined) {
      const rest = remaining(flags, text.slice(at + 1));
      return rest && { test: (fact) => ahead.test(fact) === (sign === '=') && rest.test(fact) };
    }
  }
  return undefined;
}

/** What must be found from the start as well: possibly a further look-ahead, but nothing that is an alternative to it. */
function remaining(flags: string, text: string): SearchExpression | undefined {
  const isPart = (part: string): boolean => anchored(flags, part) !== undefined;
  for (let at = text.indexOf('|'); at !== -1; at = text.indexOf('|', at + 1)) {
    if (isPart(text.slice(0, at)) && isPart(text.slice(at + 1))) {
      return undefined;
    }
  }
  return anchored(flags, text) ?? lookAhead(`${flags}^${text}`);
}

/** Compiles only when the text is whole: a bracket that is cut in two makes it none. */
function anchored(flags: string, text: string): Expression | undefined {
  return compileExpression(`${flags}^(?:${text})`).expression;
}
