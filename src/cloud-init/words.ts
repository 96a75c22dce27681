import { YamlSyntaxError } from './yaml/syntax-error.ts';

/**
 * Splits a text into words as a shell would: quotes, backslashes, `#` comments, line breaks as blanks. Nothing is
 * expanded. An unclosed quote is a {@link YamlSyntaxError}.
 */
export function splitWords(source: string): readonly string[] {
  const words: string[] = [];
  const between = /(?:\s+|#[^\n]*)*/y;
  const piece = /'([^']*)'|"((?:[^"\\]|\\[^])*)"|\\([^])|([^\s'"\\]+)/y;
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    at = match === null ? at : pattern.lastIndex;
    return match;
  };
  for (take(between); at < source.length; take(between)) {
    let word = '';
    while (at < source.length && !/\s/.test(source.charAt(at))) {
      const match = take(piece);
      if (match === null) {
        throw new YamlSyntaxError(`a quote is not closed (character ${String(at + 1)})`);
      }
      const [, single, double, escaped, bare] = match;
      word += single ?? double?.replace(/\\(["\\$`\n])/g, '$1') ?? escaped ?? bare ?? '';
    }
    words.push(word);
  }
  return words;
}
