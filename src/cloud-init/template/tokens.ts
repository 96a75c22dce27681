import type { NumberLiteral } from './number-literal.ts';
import { letterLiteral, numberLiteral } from './number-literal.ts';
import { TemplateError } from './template-error.ts';
import { quotedLetter, textLiteral } from './text-literal.ts';

/** `spaced`: blanks stand before it, which matters where one operand ends and the next begins. */
export type Token =
  | { readonly kind: 'text'; readonly text: string; readonly spaced: boolean }
  | {
      readonly kind: 'open' | 'close' | 'field' | 'variable' | 'word' | 'operator';
      readonly text: string;
      readonly spaced: boolean;
    }
  | {
      readonly kind: 'literal';
      readonly value: string | NumberLiteral;
      readonly spaced: boolean;
    };

/** Cuts a template into plain text and the tokens between `{{` and `}}`; trim marks and comments are done with here. */
export function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let trimNext = false;
  while (at < source.length) {
    const open = source.indexOf('{{', at);
    let text = source.slice(at, open === -1 ? undefined : open);
    if (trimNext) {
      text = text.replace(/^[ \t\r\n]+/, '');
    }
    const trimBefore = open !== -1 && /^\{\{-[ \t\r\n]/.test(source.slice(open, open + 4));
    if (trimBefore) {
      text = withoutTrailingBlanks(text);
    }
    if (text !== '') {
      tokens.push({ kind: 'text', text, spaced: false });
    }
    if (open === -1) {
      break;
    }
    const action = readAction(source, open + (trimBefore ? 4 : 2));
    for (const token of action.tokens) {
      tokens.push(token);
    }
    trimNext = action.trims;
    at = action.end;
  }
  return tokens;
}

function withoutTrailingBlanks(text: string): string {
  let end = text.length;
  while (end > 0 && ' \t\r\n'.includes(text.charAt(end - 1))) {
    end -= 1;
  }
  return text.slice(0, end);
}

interface Action {
  readonly tokens: readonly Token[];
  readonly end: number;
  readonly trims: boolean;
}

const blank = /[ \t\r\n]*/y;
const closing = /([ \t\r\n]-)?\}\}/y;
const quoted = /"(?:[^"\\\n]|\\[^\n])*"/y;
const raw = /`[^`]*`/y;
const letter = /'(?:[^'\\\n]|\\[^\n])*'/y;
const number =
  /[-+]?(?:0[xX][\da-fA-F_]*\.?[\da-fA-F_]*(?:[pP][-+]?[\d_]*)?|0[oO][0-7_]*\.?[0-7_]*|0[bB][01_]*\.?[01_]*|[\d_]*\.?[\d_]*(?:[eE][-+]?[\d_]*)?)i?/y;
const name = /[\p{L}\p{Nd}_]+/uy;
/** What may follow a word, a field or a variable. */
const terminator = /[ \t\r\n.,|:)(]|\}\}|$/y;

function readAction(source: string, from: number): Action {
  if (source.startsWith('/*', from)) {
    return readComment(source, from);
  }
  const tokens: Token[] = [{ kind: 'open', text: '{{', spaced: false }];
  let at = from;
  for (;;) {
    const close = matchAt(closing, source, at);
    if (close !== undefined) {
      tokens.push({ kind: 'close', text: '}}', spaced: false });
      return {
        tokens,
        end: at + close.length,
        trims: close.length > 2,
      };
    }
    const blanks = matchAt(blank, source, at) ?? '';
    at += blanks.length;
    // A trim mark may follow the last of several blanks.
    const mark = blanks === '' ? undefined : matchAt(closing, source, at - 1);
    if (mark !== undefined || source.startsWith('}}', at)) {
      at -= mark === undefined ? 0 : 1;
      continue;
    }
    const { token, length } = readToken({ source, at, spaced: blanks !== '' });
    tokens.push(token);
    at += length;
  }
}

function readComment(source: string, from: number): Action {
  const end = source.indexOf('*/', from + 2);
  if (end === -1) {
    throw new TemplateError('a comment is not closed');
  }
  const close = matchAt(closing, source, end + 2);
  if (close === undefined) {
    throw new TemplateError('a comment must end right before the `}}`');
  }
  return { tokens: [], end: end + 2 + close.length, trims: close.length > 2 };
}

function matchAt(pattern: RegExp, source: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0];
}

/** Where a token begins. */
interface Place {
  readonly source: string;
  readonly at: number;
  readonly spaced: boolean;
}

interface ReadToken {
  readonly token: Token;
  readonly length: number;
}

function readToken(place: Place): ReadToken {
  const { source, at, spaced } = place;
  const first = source.charAt(at);
  const second = source.charAt(at + 1);
  switch (first) {
    case '':
      throw new TemplateError('an action is not closed by `}}`');
    case '"':
      return readLiteral(place, { pattern: quoted, read: textLiteral });
    case '`':
      return readLiteral(place, { pattern: raw, read: (text) => text.slice(1, -1) });
    case "'":
      return readLiteral(place, {
        pattern: letter,
        read: (text) => letterLiteral(quotedLetter(text)),
      });
    case '|':
    case '=':
    case '(':
    case ')':
    case ',':
      return { token: { kind: 'operator', text: first, spaced }, length: 1 };
    case ':':
      if (second === '=') {
        return { token: { kind: 'operator', text: ':=', spaced }, length: 2 };
      }
      break;
    case '$':
      return readName('variable', place);
    case '.':
      return /\d/.test(second) ? readNumber(place) : readName('field', place);
    default:
      if (/[-+\d]/.test(first)) {
        return readNumber(place);
      }
      if (/[\p{L}_]/u.test(String.fromCodePoint(source.codePointAt(at) ?? 0))) {
        return readName('word', place);
      }
  }
  throw new TemplateError(`unexpected \`${source.slice(at, at + 12)}\` in an action`);
}

function readLiteral(
  { source, at, spaced }: Place,
  how: { readonly pattern: RegExp; readonly read: (text: string) => string | NumberLiteral },
): ReadToken {
  const text = matchAt(how.pattern, source, at);
  if (text === undefined) {
    throw new TemplateError(`\`${source.slice(at, at + 12)}\` is not closed`);
  }
  return { token: { kind: 'literal', value: how.read(text), spaced }, length: text.length };
}

function readNumber(place: Place): ReadToken {
  const { source, at } = place;
  const length = (matchAt(number, source, at) ?? '').length;
  if (matchAt(name, source, at + length) !== undefined) {
    throw new TemplateError(`\`${source.slice(at, at + length + 1)}\` is no number`);
  }
  return readLiteral(place, { pattern: number, read: numberLiteral });
}

function readName(kind: 'field' | 'variable' | 'word', { source, at, spaced }: Place): ReadToken {
  const prefix = kind === 'word' ? '' : source.charAt(at);
  const text = matchAt(name, source, at + prefix.length) ?? '';
  const length = prefix.length + text.length;
  if (matchAt(terminator, source, at + length) === undefined) {
    throw new TemplateError(`unexpected \`${source.charAt(at + length)}\` in an action`);
  }
  return { token: { kind, text: kind === 'variable' ? prefix + text : text, spaced }, length };
}
