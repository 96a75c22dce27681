import { createHash } from 'node:crypto';
import type { Expression } from '../regular-expression.ts';
import { compileExpression } from '../regular-expression.ts';
import { asList, asNumber, asText } from './arguments.ts';
import type { TemplateFunction } from './functions.ts';
import { TemplateError } from './template-error.ts';

/** sprig's functions on texts. The text comes last, so that it can be piped. */
export const textFunctions: Readonly<Record<string, TemplateFunction>> = {
  upper: (text) => asText(text).toUpperCase(),
  lower: (text) => asText(text).toLowerCase(),
  title: (text) => asText(text).replace(/(^|\s)(\S)/g, (word) => word.toUpperCase()),
  untitle: (text) => asText(text).replace(/(^|\s)(\S)/g, (word) => word.toLowerCase()),
  trim: (text) => asText(text).trim(),
  trimAll: (letters, text) => trimLetters(asText(letters), asText(text)),
  trimall: (letters, text) => trimLetters(asText(letters), asText(text)),
  trimSuffix: (suffix, text) =>
    asText(suffix) !== '' && asText(text).endsWith(asText(suffix))
      ? asText(text).slice(0, -asText(suffix).length)
      : asText(text),
  trimPrefix: (prefix, text) =>
    asText(text).startsWith(asText(prefix))
      ? asText(text).slice(asText(prefix).length)
      : asText(text),
  trunc: (length, text) =>
    asNumber(length) < 0
      ? asText(text).slice(asNumber(length))
      : asText(text).slice(0, asNumber(length)),
  abbrev: (length, text) => {
    const whole = asText(text);
    const width = asNumber(length);
    return width < 4 || whole.length <= width ? whole : `${whole.slice(0, width - 3)}...`;
  },
  nospace: (text) => asText(text).replace(/\s+/g, ''),
  repeat: (count, text) => asText(text).repeat(bounded(count)),
  substr: (from, to, text) =>
    asText(text).slice(Math.max(0, asNumber(from)), asNumber(to) < 0 ? undefined : asNumber(to)),
  contains: (part, text) => asText(text).includes(asText(part)),
  hasPrefix: (prefix, text) => asText(text).startsWith(asText(prefix)),
  hasSuffix: (suffix, text) => asText(text).endsWith(asText(suffix)),
  quote: (...texts) =>
    texts
      .filter(isThere)
      .map((text) => JSON.stringify(asText(text)))
      .join(' '),
  squote: (...texts) =>
    texts
      .filter(isThere)
      .map((text) => `'${asText(text)}'`)
      .join(' '),
  cat: (...texts) => texts.filter(isThere).map(asText).join(' '),
  indent: (width, text) => indented(width, text),
  nindent: (width, text) => `\n${indented(width, text)}`,
  replace: (from, to, text) => asText(text).replaceAll(asText(from), asText(to)),
  plural: (one, many, count) => (asNumber(count) === 1 ? one : many),
  snakecase: (text) => words(text).join('_'),
  kebabcase: (text) => words(text).join('-'),
  camelcase: (text) => words(text).map(capital).join(''),
  initials: (text) =>
    asText(text)
      .split(/\s+/)
      .map((word) => word.charAt(0))
      .join(''),
  split: (separator, text) =>
    Object.fromEntries(
      asText(text)
        .split(asText(separator))
        .map((piece, index) => [`_${String(index)}`, piece]),
    ),
  splitList: (separator, text) => asText(text).split(asText(separator)),
  splitn: (separator, count, text) =>
    Object.fromEntries(
      limitedSplit(asText(text), asText(separator), asNumber(count)).map((piece, index) => [
        `_${String(index)}`,
        piece,
      ]),
    ),
  join: (separator, list) =>
    Array.isArray(list) ? list.filter(isThere).map(asText).join(asText(separator)) : asText(list),
  sortAlpha: (list) => asList(list).map(asText).sort(),
  regexMatch: (pattern, text) => expression(pattern).test(asText(text)),
  regexFind: (pattern, text) => expression(pattern).find(asText(text)) ?? '',
  regexFindAll: (pattern, text, count) =>
    expression(pattern).findAll(asText(text), asNumber(count)),
  regexReplaceAll: (pattern, text, by) => expression(pattern).replaceAll(asText(text), asText(by)),
  regexReplaceAllLiteral: (pattern, text, by) =>
    expression(pattern).replaceAllLiteral(asText(text), asText(by)),
  regexSplit: (pattern, text, count) => expression(pattern).split(asText(text), asNumber(count)),
  b64enc: (text) => Buffer.from(asText(text)).toString('base64'),
  b64dec: (text) => Buffer.from(asText(text), 'base64').toString('utf8'),
  sha1sum: (text) => hash('sha1', text),
  sha256sum: (text) => hash('sha256', text),
  sha512sum: (text) => hash('sha512', text),
  base: (text) => asText(text).replace(/\/+$/, '').split('/').at(-1) ?? '',
  dir: (text) =>
    asText(text).replace(/\/*[^/]*\/*$/, '') || (asText(text).startsWith('/') ? '/' : '.'),
  ext: (text) => /\.[^./]*$/.exec(asText(text))?.[0] ?? '',
  isAbs: (text) => asText(text).startsWith('/'),
};

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function trimLetters(letters: string, text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && letters.includes(text.charAt(from))) {
    from += 1;
  }
  while (to > from && letters.includes(text.charAt(to - 1))) {
    to -= 1;
  }
  return text.slice(from, to);
}

function indented(width: unknown, text: unknown): string {
  return asText(text).replace(/^/gm, ' '.repeat(bounded(width)));
}

function words(text: unknown): readonly string[] {
  return asText(text)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '')
    .map((word) => word.toLowerCase());
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function limitedSplit(text: string, separator: string, count: number): readonly string[] {
  const pieces = text.split(separator);
  return pieces.length <= count
    ? pieces
    : [...pieces.slice(0, count - 1), pieces.slice(count - 1).join(separator)];
}

function expression(pattern: unknown): Expression {
  const { expression: compiled, problem } = compileExpression(asText(pattern));
  if (problem !== undefined) {
    throw new TemplateError(`bad regular expression \`${asText(pattern)}\`: ${problem}`);
  }
  return compiled;
}

function hash(algorithm: string, text: unknown): string {
  return createHash(algorithm).update(asText(text)).digest('hex');
}

/** Nobody repeats a text a million times on purpose. */
function bounded(count: unknown): number {
  const number = Math.trunc(asNumber(count));
  if (number > 100_000) {
    throw new TemplateError(`${String(number)} repetitions are too many`);
  }
  return Math.max(0, number);
}
