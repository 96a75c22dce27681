/**
 * Types as forgiving as the reference's: a file or an environment variable may say `"true"`, `1` or `yes` for a switch, a
 * number as text, and a list as one text with commas.
 */
import * as z from 'zod';

const WORDS = new Map<string, boolean>([
  ...['1', 't', 'true', 'yes', 'on'].map((word) => [word, true] as const),
  ...['0', 'f', 'false', 'no', 'off', ''].map((word) => [word, false] as const),
]);

export function switchedOn() {
  return z.preprocess((value) => {
    if (typeof value === 'number') return value !== 0;
    return typeof value === 'string' ? (WORDS.get(value.toLowerCase()) ?? value) : value;
  }, z.boolean());
}

export function text() {
  return z.preprocess((value) => {
    if (typeof value === 'boolean') return value ? '1' : '0';
    return typeof value === 'number' ? String(value) : value;
  }, z.string());
}

/** Not negative. */
export function wholeNumber() {
  return z.preprocess(
    (value) => (typeof value === 'string' && /^\d+$/.test(value.trim()) ? Number(value) : value),
    z.int().nonnegative(),
  );
}

export function list<T extends z.ZodType>(item: T) {
  return z.preprocess((value) => {
    if (typeof value !== 'string') return value;
    return value === '' ? [] : value.split(',');
  }, z.array(item));
}
