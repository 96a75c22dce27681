import { createHash } from 'node:crypto';
import { bytesToText, textToBytes } from '../byte-text.ts';
import type { TemplateFunction } from './signature.ts';
import { takes, TEXT } from './signature.ts';

/** sprig's encodings and digests. What cannot be decoded gives the text of the error, as there. */
export const encodingFunctions: Readonly<Record<string, TemplateFunction>> = {
  b64enc: takes([TEXT], (text) => textToBytes(text).toString('base64')),
  b64dec: takes([TEXT], (text) => decoded(text, base64)),
  b32enc: takes([TEXT], (text) => base32Text(textToBytes(text))),
  b32dec: takes([TEXT], (text) => decoded(text, base32)),
  sha1sum: takes([TEXT], (text) => digest('sha1', text)),
  sha256sum: takes([TEXT], (text) => digest('sha256', text)),
  sha512sum: takes([TEXT], (text) => digest('sha512', text)),
  adler32sum: takes([TEXT], (text) => String(adler32(textToBytes(text)))),
};

function digest(algorithm: string, text: string): string {
  return createHash(algorithm).update(textToBytes(text)).digest('hex');
}

function adler32(bytes: Buffer): number {
  let low = 1;
  let high = 0;
  for (const byte of bytes) {
    low = (low + byte) % 65_521;
    high = (high + low) % 65_521;
  }
  return high * 65_536 + low;
}

/** An alphabet of which so many digits make a group of bytes. */
export interface Encoding {
  readonly name: string;
  readonly alphabet: string;
  readonly bits: number;
  readonly group: number;
  /** Numbers of digits that a last, padded group may have. */
  readonly rests: readonly number[];
}

export const base64: Encoding = {
  name: 'base64',
  alphabet: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
  bits: 6,
  group: 4,
  rests: [2, 3],
};

const base32: Encoding = {
  name: 'base32',
  alphabet: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567',
  bits: 5,
  group: 8,
  rests: [2, 4, 5, 7],
};

function decoded(text: string, encoding: Encoding): string {
  const result = decode(text, encoding);
  return typeof result === 'number'
    ? `illegal ${encoding.name} data at input byte ${result}`
    : bytesToText(result);
}

/** The bytes, or the place of the first byte that is wrong, as Go names it. Line breaks are skipped. */
export function decode(text: string, encoding: Encoding): Buffer | number {
  const bytes = textToBytes(encoding.name === 'base32' ? text.replace(/[\r\n]/g, '') : text);
  const read: number[] = [];
  let [group, digits, at] = [0n, 0, 0];
  const flush = (): void => {
    const whole = Math.floor((digits * encoding.bits) / 8);
    const shift = BigInt(digits * encoding.bits - whole * 8);
    for (let index = whole - 1; index >= 0; index -= 1) {
      read.push(Number((group >> (shift + BigInt(8 * index))) & 0xffn));
    }
    [group, digits] = [0n, 0];
  };
  for (; at < bytes.length; at += 1) {
    if (isLineBreak(bytes[at])) {
      continue;
    }
    const value = encoding.alphabet.indexOf(String.fromCharCode(bytes[at] ?? 0));
    if (value === -1) {
      break;
    }
    group = (group << BigInt(encoding.bits)) | BigInt(value);
    digits += 1;
    if (digits === encoding.group) {
      flush();
    }
  }
  if (at === bytes.length) {
    return digits === 0 ? Buffer.from(read) : bytes.length - digits;
  }
  const check = encoding.name === 'base32' ? base32Padding : base64Padding;
  const wrong =
    bytes[at] === equalsSign && encoding.rests.includes(digits) ? check(bytes, at, digits) : at;
  if (wrong !== undefined) {
    return wrong;
  }
  flush();
  return Buffer.from(read);
}

const equalsSign = 0x3d;

function isLineBreak(byte: number | undefined): boolean {
  return byte === 0x0a || byte === 0x0d;
}

/** Where the padding that begins at a place is wrong. */
function base64Padding(bytes: Buffer, at: number, digits: number): number | undefined {
  let padding = 0;
  for (let index = at; index < bytes.length; index += 1) {
    if (isLineBreak(bytes[index])) {
      continue;
    }
    if (padding === 4 - digits) {
      return index;
    }
    if (bytes[index] !== equalsSign) {
      return index - 1;
    }
    padding += 1;
  }
  return padding === 4 - digits ? undefined : bytes.length;
}

/** What stands behind the padding does not matter, unless it is as long as a group. */
function base32Padding(bytes: Buffer, at: number, digits: number): number | undefined {
  const rest = bytes.subarray(at + 1);
  if (rest.length >= 8) {
    return at;
  }
  if (rest.length + digits < 7) {
    return bytes.length;
  }
  const wrong = rest.subarray(0, 7 - digits).findIndex((byte) => byte !== equalsSign);
  return wrong === -1 ? undefined : at + wrong;
}

function base32Text(bytes: Buffer): string {
  let bits = '';
  for (const byte of bytes) {
    bits += byte.toString(2).padStart(8, '0');
  }
  const digits = (bits.match(/.{1,5}/g) ?? []).map((five) =>
    base32.alphabet.charAt(Number.parseInt(five.padEnd(5, '0'), 2)),
  );
  return digits.join('').padEnd(Math.ceil(digits.length / 8) * 8, '=');
}
