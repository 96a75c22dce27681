import { isWhole, readFloat, readWhole } from './number-literal.ts';
import type { Value } from './values.ts';
import { Integer } from './values.ts';

/** What sprig makes of any value where it calculates with whole numbers; 0 of what is none. */
export function toWhole(value: Value): bigint {
  if (value instanceof Integer) {
    return value.type === 'time.Duration' ? 0n : BigInt.asIntN(64, value.value);
  }
  if (typeof value === 'boolean') {
    return value ? 1n : 0n;
  }
  if (typeof value === 'number') {
    return truncated(value);
  }
  return typeof value === 'string' ? readInteger(value) : 0n;
}

/** As a processor of the usual kind does it: what does not fit becomes the least number. */
function truncated(value: number): bigint {
  const least = -(2n ** 63n);
  if (!Number.isFinite(value)) {
    return least;
  }
  const whole = BigInt(Math.trunc(value));
  return BigInt.asIntN(64, whole) === whole ? whole : least;
}

/** Zeros behind the point do no harm; a leading zero means octal. */
function readInteger(text: string): bigint {
  const plain = text.replace(/\.0+$/, '');
  const whole = isWhole(plain) ? readWhole(plain) : 0n;
  return BigInt.asIntN(64, whole) === whole ? whole : 0n;
}

/** What sprig makes of any value where it calculates with floats; 0 of what is none. */
export function toFloat(value: Value): number {
  if (value instanceof Integer) {
    return value.type === 'time.Duration' ? 0 : Number(value.value);
  }
  if (typeof value === 'boolean') {
    return value ? 1 : 0;
  }
  if (typeof value === 'number') {
    return value;
  }
  return typeof value === 'string' ? (readNumber(value) ?? 0) : 0;
}

function readNumber(text: string): number | undefined {
  const [, sign, word] = /^([-+]?)(inf(?:inity)?|nan)$/i.exec(text) ?? [];
  if (word === undefined) {
    const value = readFloat(text);
    return Number.isFinite(value) ? value : undefined;
  }
  if (/^nan$/i.test(word)) {
    return sign === '' ? Number.NaN : undefined;
  }
  return sign === '-' ? -Infinity : Infinity;
}
