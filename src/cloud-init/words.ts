import { YamlSyntaxError } from './yaml/syntax-error.ts';

/**
 * Splits a text into words as a shell would: quotes, backslashes, `#` comments, line breaks as blanks. Nothing is
 * expanded. An unclosed quote is a {@link YamlSyntaxError}.
 */
export function splitWords(source: string): readonly string[] {
  const words: string[] = [];
  const between = /(?:\s+|#[^\n]*)*/y;
  const skip = (from: number): number => {
    between.lastIndex = from;
    between.exec(source);
    return between.lastIndex;
  };
  for (let at = skip(0); at < source.length;) {
    const { word, end, closed } = readWord(source, at, 'both');
    if (!closed) {
      throw new YamlSyntaxError(`a quote is not closed (character ${String(end + 1)})`);
    }
    words.push(word);
    at = skip(end);
  }
  return words;
}

export interface ReadWord {
  readonly word: string;
  /** Where the word ends, or where the quote opens that nothing closes. */
  readonly end: number;
  readonly closed: boolean;
}

/** One word as a shell would read it, from where it begins to the next blank; an apostrophe may be a letter instead. */
export function readWord(source: string, begin: number, quotes: 'both' | 'double'): ReadWord {
  const piece = pieces[quotes];
  let word = '';
  let end = begin;
  while (end < source.length && !/\s/.test(source.charAt(end))) {
    piece.lastIndex = end;
    const match = piece.exec(source);
    if (match === null) {
      return { word, end, closed: false };
    }
    const { single, double, escaped, bare } = match.groups ?? {};
    word += single ?? double?.replace(/\\(["\\$`\n])/g, '$1') ?? escaped ?? bare ?? '';
    end = piece.lastIndex;
  }
  return { word, end, closed: true };
}

const pieces = {
  both: /'(?<single>[^']*)'|"(?<double>(?:[^"\\]|\\[^])*)"|\\(?<escaped>[^])|(?<bare>[^\s'"\\]+)/y,
  double: /"(?<double>(?:[^"\\]|\\[^])*)"|\\(?<escaped>[^])|(?<bare>[^\s"\\]+)/y,
} as const;
