import { affordable, searchable } from './budget.ts';
import { isSpace, lower, upper } from './letter-case.ts';
import { plainText } from './print-value.ts';
import { quotedText } from './quoted-text.ts';
import type { TemplateFunction } from './signature.ts';
import { ANY, INT, takes, takesMore, TEXT } from './signature.ts';
import { TemplateError } from './template-error.ts';
import { abbreviated, substring, truncated, wrapped } from './text-cuts.ts';
import { textsOf } from './text-lists.ts';
import type { Value } from './values.ts';
import { compareTexts, List, Mapping } from './values.ts';
import { camelCase, connectedCase, initials, swappedCase, titled, untitled } from './word-case.ts';

const trimAll = takes([TEXT, TEXT], (letters, text) => {
  const unwanted = new Set(letters);
  return trimmed(text, (letter) => unwanted.has(letter));
});

/** sprig's functions on texts. The text comes last, so that it can be piped. */
export const textFunctions: Readonly<Record<string, TemplateFunction>> = {
  hello: takes([], () => 'Hello!'),
  upper: takes([TEXT], upper),
  lower: takes([TEXT], lower),
  title: takes([TEXT], titled),
  untitle: takes([TEXT], untitled),
  swapcase: takes([TEXT], swappedCase),
  trim: takes([TEXT], (text) => trimmed(text, isSpace)),
  trimAll,
  trimall: trimAll,
  trimSuffix: takes([TEXT, TEXT], (suffix, text) =>
    suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text,
  ),
  trimPrefix: takes([TEXT, TEXT], (prefix, text) =>
    text.startsWith(prefix) ? text.slice(prefix.length) : text,
  ),
  trunc: takes([INT, TEXT], (count, text) => truncated(text, count)),
  abbrev: takes([INT, TEXT], (width, text) =>
    width < 4 ? text : abbreviated(text, { offset: 0, width }),
  ),
  abbrevboth: takes([INT, INT, TEXT], (offset, width, text) =>
    width < 4 || (offset > 0 && width < 7) ? text : abbreviated(text, { offset, width }),
  ),
  nospace: takes([TEXT], (text) =>
    Array.from(text)
      .filter((letter) => !isSpace(letter))
      .join(''),
  ),
  repeat: takes([INT, TEXT], repeated),
  substr: takes([INT, INT, TEXT], (start, end, text) => substring(text, start, end)),
  contains: takes([TEXT, TEXT], (part, text) => {
    searchable(part, text);
    return text.includes(part);
  }),
  hasPrefix: takes([TEXT, TEXT], (prefix, text) => text.startsWith(prefix)),
  hasSuffix: takes([TEXT, TEXT], (suffix, text) => text.endsWith(suffix)),
  quote: takesMore([], ANY, (...values) =>
    present(values)
      .map((value) => quotedText(plainText(value)))
      .join(' '),
  ),
  squote: takesMore([], ANY, (...values) =>
    present(values)
      .map((value) => `'${plainText(value)}'`)
      .join(' '),
  ),
  cat: takesMore([], ANY, (...values) => present(values).map(plainText).join(' ')),
  indent: takes([INT, TEXT], indented),
  nindent: takes([INT, TEXT], (width, text) => `\n${indented(width, text)}`),
  replace: takes([TEXT, TEXT, TEXT], (from, to, text) => {
    searchable(from, text);
    const pieces = from === '' ? ['', ...Array.from(text), ''] : text.split(from);
    affordable(text.length + pieces.length * to.length);
    return pieces.length === 2 && from === '' ? to : pieces.join(to);
  }),
  plural: takes([TEXT, TEXT, INT], (one, many, count) => (count === 1 ? one : many)),
  snakecase: takes([TEXT], (text) => connectedCase(text, '_')),
  kebabcase: takes([TEXT], (text) => connectedCase(text, '-')),
  camelcase: takes([TEXT], camelCase),
  initials: takes([TEXT], initials),
  wrap: takes([INT, TEXT], (width, text) =>
    wrapped(text, { width, lineBreak: '\n', longWords: 'kept' }),
  ),
  wrapWith: takes([INT, TEXT, TEXT], (width, lineBreak, text) => {
    affordable(text.length + (text.length / Math.max(1, width)) * lineBreak.length);
    return wrapped(text, { width, lineBreak, longWords: 'broken' });
  }),
  split: takes([TEXT, TEXT], (separator, text) => numbered(pieces(text, { separator, most: -1 }))),
  splitn: takes([TEXT, INT, TEXT], (separator, most, text) =>
    numbered(pieces(text, { separator, most })),
  ),
  splitList: takes(
    [TEXT, TEXT],
    (separator, text) => new List(pieces(text, { separator, most: -1 }), 'string'),
  ),
  join: takes([TEXT, ANY], (separator, value) => {
    const texts = textsOf(value);
    affordable(texts.length * separator.length);
    return texts.join(separator);
  }),
  sortAlpha: takes([ANY], (value) =>
    value instanceof List
      ? new List([...textsOf(value)].sort(compareTexts), 'string')
      : new List([plainText(value)], 'string'),
  ),
  toString: takes([ANY], plainText),
  toStrings: takes([ANY], (value) => new List(textsOf(value), 'string')),
  fail: takes([TEXT], (message) => {
    throw new TemplateError(message);
  }),
};

function present(values: readonly Value[]): readonly Value[] {
  return values.filter((value) => value !== undefined && value !== null);
}

function trimmed(text: string, isUnwanted: (letter: string) => boolean): string {
  const letters = Array.from(text);
  const start = letters.findIndex((letter) => !isUnwanted(letter));
  const end = letters.findLastIndex((letter) => !isUnwanted(letter));
  return start === -1 ? '' : letters.slice(start, end + 1).join('');
}

function repeated(count: number, text: string): string {
  if (count < 0) {
    throw new TemplateError(`${count} repetitions cannot be made`);
  }
  affordable(count * text.length);
  return text === '' ? '' : text.repeat(count);
}

function indented(width: number, text: string): string {
  const margin = repeated(width, ' ');
  const lines = text.split('\n');
  affordable(text.length + lines.length * width);
  return lines.map((line) => margin + line).join('\n');
}

/** As Go's `strings.SplitN`: into letters when there is no separator; of a count the last piece is all the rest. */
function pieces(
  text: string,
  { separator, most }: { readonly separator: string; readonly most: number },
): readonly string[] {
  searchable(separator, text);
  const all = separator === '' ? Array.from(text) : text.split(separator);
  return most < 0 || all.length <= most
    ? all
    : most === 0
      ? []
      : [...all.slice(0, most - 1), all.slice(most - 1).join(separator)];
}

function numbered(texts: readonly string[]): Mapping {
  return new Mapping(
    texts.map((text, index) => [`_${index}`, text] as const),
    'string',
  );
}
