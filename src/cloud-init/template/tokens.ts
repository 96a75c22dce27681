import { TemplateError } from './template-error.ts';

export type Token =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'open' | 'close'; readonly text: string }
  /** `.a`, `.`: after a blank or an operator a new operand, else a field of the operand before. */
  | { readonly kind: 'field'; readonly text: string; readonly glued: boolean }
  | { readonly kind: 'variable' | 'word' | 'operator'; readonly text: string }
  | { readonly kind: 'literal'; readonly value: string | number };

/** Cuts a template into plain text and the tokens between `{{` and `}}`; trim marks and comments are done with here. */
export function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let trimNext = false;
  while (at < source.length) {
    const open = source.indexOf('{{', at);
    let text = source.slice(at, open === -1 ? undefined : open);
    if (trimNext) {
      text = text.trimStart();
    }
    const trimBefore = open !== -1 && /^\{\{-\s/.test(source.slice(open, open + 4));
    if (trimBefore) {
      text = text.trimEnd();
    }
    if (text !== '') {
      tokens.push({ kind: 'text', text });
    }
    if (open === -1) {
      break;
    }
    const action = readAction(source, open + (trimBefore ? 3 : 2));
    tokens.push(...action.tokens);
    trimNext = action.trims;
    at = action.end;
  }
  return tokens;
}

interface Action {
  readonly tokens: readonly Token[];
  readonly end: number;
  readonly trims: boolean;
}

const comment = /\s*\/\*[^]*?\*\/(\s-)?\}\}/y;
const blank = /\s*/y;
const closing = /(\s-)?\}\}/y;
const piece =
  /("(?:[^"\\\n]|\\.)*")|`([^`]*)`|('(?:[^'\\\n]|\\.[^']*)')|([-+]?(?:0[xX][0-9a-fA-F_]+|0[oObB][0-7_]+|(?:\d[\d_]*)?\.?\d[\d_]*(?:[eE][-+]?\d+)?)(?![\w.]))|(\.[A-Za-z_][\w]*|\.)|(\$\w*)|([A-Za-z_]\w*)|(:=|[=|(),])/y;

function readAction(source: string, from: number): Action {
  comment.lastIndex = from;
  const remark = comment.exec(source);
  if (remark !== null) {
    return { tokens: [], end: comment.lastIndex, trims: remark[1] !== undefined };
  }
  const tokens: Token[] = [{ kind: 'open', text: '{{' }];
  let at = from;
  for (;;) {
    closing.lastIndex = at;
    const close = closing.exec(source);
    if (close !== null) {
      tokens.push({ kind: 'close', text: '}}' });
      return { tokens, end: closing.lastIndex, trims: close[1] !== undefined };
    }
    blank.lastIndex = at;
    blank.exec(source);
    const spaced = blank.lastIndex > at;
    at = blank.lastIndex;
    closing.lastIndex = at;
    if (closing.test(source)) {
      continue;
    }
    piece.lastIndex = at;
    const match = piece.exec(source);
    if (match === null) {
      const rest = source.slice(at, at + 12);
      throw new TemplateError(
        rest === '' ? 'an action is not closed by `}}`' : `unexpected \`${rest}\` in an action`,
      );
    }
    tokens.push(toToken(match, spaced));
    at = piece.lastIndex;
  }
}

function toToken(match: RegExpExecArray, spaced: boolean): Token {
  const [, quoted, raw, character, number, field, variable, word, operator] = match;
  if (quoted !== undefined) {
    return { kind: 'literal', value: unquote(quoted) };
  }
  if (raw !== undefined) {
    return { kind: 'literal', value: raw };
  }
  if (character !== undefined) {
    return { kind: 'literal', value: unquote(character).codePointAt(0) ?? 0 };
  }
  if (number !== undefined) {
    return { kind: 'literal', value: Number(number.replaceAll('_', '')) };
  }
  if (field !== undefined) {
    return { kind: 'field', text: field.slice(1), glued: !spaced };
  }
  if (variable !== undefined) {
    return { kind: 'variable', text: variable };
  }
  return word === undefined
    ? { kind: 'operator', text: operator ?? '' }
    : { kind: 'word', text: word };
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
};

function unquote(quoted: string): string {
  return quoted
    .slice(1, -1)
    .replace(
      /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([^]))/g,
      (_all, ...parts: readonly (string | undefined)[]) => {
        const [byte, short, long, octal, letter = ''] = parts;
        const hex = byte ?? short ?? long;
        if (hex !== undefined || octal !== undefined) {
          return String.fromCodePoint(Number.parseInt(hex ?? octal ?? '', hex ? 16 : 8));
        }
        return Object.hasOwn(escapes, letter) ? (escapes[letter] ?? '') : letter;
      },
    );
}
