import { plainText } from './print-value.ts';
import type { Value } from './values.ts';
import { List } from './values.ts';

/** A value as a list of texts: what is no list is the only one, what is nothing is left out. */
export function textsOf(value: Value): readonly string[] {
  if (value === undefined || value === null) {
    return [];
  }
  return value instanceof List
    ? value.items.filter((item) => item !== undefined && item !== null).map(plainText)
    : [plainText(value)];
}
