import { textToBytes } from '../byte-text.ts';
import { affordable } from './budget.ts';
import { binaryText, floatText, hexText, isNegative } from './float-text.ts';
import { goSyntax } from './go-syntax.ts';
import { ownText, plainText } from './print-value.ts';
import { fitsBackquotes, quotedRune, quotedText } from './quoted-text.ts';
import { isPrintable } from './quoted-text.ts';
import { typeName } from './value-kinds.ts';
import type { Value } from './values.ts';
import { Integer, List, Mapping } from './values.ts';

/** What stands between the `%` and the verb. */
export interface Flags {
  plus: boolean;
  minus: boolean;
  sharp: boolean;
  space: boolean;
  zero: boolean;
  width?: number;
  precision?: number;
}

/** One value by one verb, padded to its width. */
export function formatValue(verb: string, value: Value, flags: Flags): string {
  if (verb === 'T') {
    return padded(typeName(value), flags);
  }
  if (value === undefined || value === null) {
    return verb === 'v' ? padded('<nil>', flags) : misused(verb, value);
  }
  if (verb === 'v' && flags.sharp) {
    return padded(goSyntax(value), { ...flags, zero: false });
  }
  if (verb === 'v' && flags.plus) {
    // With this verb a plus does not mean the sign.
    return formatValue(verb, value, { ...flags, plus: false });
  }
  const own = ownText(value);
  if (own !== undefined && 'vsxXq'.includes(verb)) {
    return formatString(verb, own, flags) ?? misused(verb, value, flags);
  }
  const text = formatKind(verb, value, flags);
  return text ?? misused(verb, value, flags);
}

/** A verb that a value has no form for. */
export function misused(verb: string, value: Value, flags?: Flags): string {
  if (value === undefined || value === null) {
    return `%!${verb}(<nil>)`;
  }
  const shown = flags === undefined ? undefined : formatKind('v', value, flags);
  return `%!${verb}(${typeName(value)}=${shown ?? plainText(value)})`;
}

function formatKind(verb: string, value: NonNullable<Value>, flags: Flags): string | undefined {
  if (value instanceof Integer) {
    return formatInteger(verb, value.value, flags);
  }
  if (value instanceof List) {
    return `[${value.items.map((item) => formatItem(verb, item, flags)).join(' ')}]`;
  }
  if (value instanceof Mapping) {
    const entries = value
      .sorted()
      .map(([key, item]) => `${formatItem(verb, key, flags)}:${formatItem(verb, item, flags)}`);
    return `map[${entries.join(' ')}]`;
  }
  if (typeof value === 'string') {
    return formatString(verb, value, flags);
  }
  if (typeof value === 'number') {
    return formatFloat(verb, value, flags);
  }
  const isBoolean = typeof value === 'boolean' && (verb === 't' || verb === 'v');
  return isBoolean ? padded(String(value), flags) : undefined;
}

/** Inside of a list or mapping a nil prints in any verb. */
function formatItem(verb: string, value: Value, flags: Flags): string {
  return value === undefined || value === null ? '<nil>' : formatValue(verb, value, flags);
}

function formatString(verb: string, text: string, flags: Flags): string | undefined {
  const cut =
    flags.precision === undefined ? text : Array.from(text).slice(0, flags.precision).join('');
  switch (verb) {
    case 'v':
    case 's':
      return padded(cut, flags);
    case 'q':
      if (flags.sharp && fitsBackquotes(cut)) {
        return padded(`\`${cut}\``, flags);
      }
      return padded(quotedText(cut, flags.plus ? 'ascii' : 'printable'), flags);
    case 'x':
    case 'X': {
      const bytes = [...textToBytes(text)].slice(0, flags.precision);
      const prefix = flags.sharp ? '0x' : '';
      const pairs = bytes.map((byte) => byte.toString(16).padStart(2, '0'));
      const hex = flags.space
        ? pairs.map((pair) => prefix + pair).join(' ')
        : (pairs.length === 0 ? '' : prefix) + pairs.join('');
      return padded(verb === 'X' ? hex.toUpperCase() : hex, flags);
    }
    default:
      return undefined;
  }
}

const bases: Readonly<Record<string, { readonly base: number; readonly prefix: string }>> = {
  v: { base: 10, prefix: '' },
  d: { base: 10, prefix: '' },
  b: { base: 2, prefix: '0b' },
  o: { base: 8, prefix: '0' },
  O: { base: 8, prefix: '' },
  x: { base: 16, prefix: '0x' },
  X: { base: 16, prefix: '0X' },
};

function formatInteger(verb: string, value: bigint, flags: Flags): string | undefined {
  if (verb === 'c' || verb === 'q' || verb === 'U') {
    return formatLetter(verb, value, flags);
  }
  const form = bases[verb];
  if (form === undefined) {
    return undefined;
  }
  const size = value < 0n ? -value : value;
  const sign = value < 0n ? '-' : flags.plus ? '+' : flags.space ? ' ' : '';
  let digits = size.toString(form.base);
  if (flags.precision === 0 && size === 0n) {
    return ' '.repeat(flags.width ?? 0);
  }
  if (flags.precision !== undefined) {
    digits = digits.padStart(affordable(flags.precision), '0');
  } else if (flags.zero && flags.width !== undefined) {
    digits = digits.padStart(flags.width - sign.length, '0');
  }
  const sharp = flags.sharp && !(form.base === 8 && digits.startsWith('0')) ? form.prefix : '';
  const prefix = verb === 'O' ? '0o' : sharp;
  const text = sign + prefix + (verb === 'X' ? digits.toUpperCase() : digits);
  return padded(text, { ...flags, zero: false });
}

function formatLetter(verb: string, value: bigint, flags: Flags): string {
  const isLetter = value >= 0n && value <= 0x10ffffn && !(value >= 0xd800n && value <= 0xdfffn);
  const letter = isLetter ? String.fromCodePoint(Number(value)) : '\ufffd';
  switch (verb) {
    case 'c':
      return padded(letter, flags);
    case 'q':
      return padded(quotedRune(letter, flags.plus ? 'ascii' : 'printable'), flags);
    default: {
      const digits = BigInt.asUintN(64, value)
        .toString(16)
        .toUpperCase()
        .padStart(Math.max(4, flags.precision ?? 0), '0');
      const shown = flags.sharp && isLetter && isPrintable(letter) ? ` '${letter}'` : '';
      return padded(`U+${digits}${shown}`, { ...flags, zero: false });
    }
  }
}

function formatFloat(verb: string, value: number, flags: Flags): string | undefined {
  if (/^[xXb]$/.test(verb) && Number.isFinite(value)) {
    const sign = isNegative(value) ? '-' : flags.plus ? '+' : flags.space ? ' ' : '';
    const digits = verb === 'b' ? binaryText(value) : hexText(value, flags.precision ?? 'shortest');
    return padded(sign + (verb === 'X' ? digits.toUpperCase() : digits), flags);
  }
  const form = { v: 'g', g: 'g', G: 'g', e: 'e', E: 'e', f: 'f', F: 'f' }[verb];
  if (form !== 'g' && form !== 'e' && form !== 'f') {
    return undefined;
  }
  const sign = isNegative(value) ? '-' : flags.plus ? '+' : flags.space ? ' ' : '';
  if (!Number.isFinite(value)) {
    const name = Number.isNaN(value) ? 'NaN' : 'Inf';
    const shown = Number.isNaN(value)
      ? sign.replace('-', '')
      : sign === '' && flags.plus
        ? '+'
        : sign;
    return padded((name === 'Inf' && shown === '' ? '+' : shown) + name, { ...flags, zero: false });
  }
  const precision = flags.precision ?? (form === 'g' ? 'shortest' : 6);
  const digits = sharpened(floatText(value, form, precision), { verb, flags });
  const text = verb === 'E' || verb === 'G' ? digits.toUpperCase() : digits;
  if (flags.zero && flags.width !== undefined) {
    return sign + text.padStart(flags.width - sign.length, '0');
  }
  return padded(sign + text, flags);
}

/** `#` keeps the point, and with `g` the zeros behind it. */
function sharpened(
  text: string,
  { verb, flags }: { readonly verb: string; readonly flags: Flags },
): string {
  if (!flags.sharp) {
    return text;
  }
  const [mantissa = '', exponent] = text.split('e');
  const pointed = mantissa.includes('.') ? mantissa : `${mantissa}.`;
  const wanted = /[gG]/.test(verb) ? (flags.precision ?? 6) : 0;
  const isZero = !/[1-9]/.test(mantissa);
  const digits = isZero ? pointed.length - 1 : pointed.replace(/^0?\.?0*|\./g, '').length;
  const filled = pointed + '0'.repeat(Math.max(0, wanted - digits));
  return exponent === undefined ? filled : `${filled}e${exponent}`;
}

function padded(text: string, flags: Flags): string {
  const missing = (flags.width ?? 0) - Array.from(text).length;
  if (missing <= 0) {
    return text;
  }
  if (flags.minus) {
    return text + ' '.repeat(missing);
  }
  return (flags.zero ? '0' : ' ').repeat(missing) + text;
}
