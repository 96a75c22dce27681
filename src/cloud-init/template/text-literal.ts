import { bytesToText } from '../byte-text.ts';
import { TemplateError } from './template-error.ts';

/** What stands between double quotes in a template, its escapes resolved as Go does. */
export function textLiteral(quoted: string): string {
  const inner = quoted.slice(1, -1);
  return resolved(inner, '"');
}

/** The number of the one letter between single quotes. */
export function quotedLetter(quoted: string): number {
  const inner = quoted.slice(1, -1);
  const byte = /^\\(?:x([\da-fA-F]{2})|([0-3][0-7]{2}))$/.exec(inner);
  if (byte !== null) {
    return byte[1] === undefined ? Number.parseInt(byte[2] ?? '', 8) : Number.parseInt(byte[1], 16);
  }
  const [letter = '', ...more] = resolved(inner, "'");
  if (letter === '' || more.length > 0) {
    throw new TemplateError(`\`${quoted}\` is not one letter`);
  }
  return letter.codePointAt(0) ?? 0;
}

const escape = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|([^]?))/g;

const plain: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};

function resolved(text: string, quote: string): string {
  if (!text.includes('\\')) {
    return text;
  }
  const pieces: Buffer[] = [];
  let at = 0;
  for (const match of text.matchAll(escape)) {
    pieces.push(Buffer.from(text.slice(at, match.index)), escaped(match, quote));
    at = match.index + match[0].length;
  }
  return bytesToText(Buffer.concat([...pieces, Buffer.from(text.slice(at))]));
}

function escaped(match: RegExpExecArray, quote: string): Buffer {
  const [all, byte, short, long, octal, letter = ''] = match;
  if (byte !== undefined || octal !== undefined) {
    const number = byte === undefined ? Number.parseInt(octal ?? '', 8) : Number.parseInt(byte, 16);
    if (number <= 255) {
      return Buffer.of(number);
    }
  }
  const point = Number.parseInt(short ?? long ?? 'none', 16);
  if (point <= 0x10ffff && (point < 0xd800 || point > 0xdfff)) {
    return Buffer.from(String.fromCodePoint(point));
  }
  const found = letter === quote ? quote : plain[letter];
  if (found === undefined || letter === '') {
    throw new TemplateError(`\`${all}\` is no escape sequence`);
  }
  return Buffer.from(found);
}
