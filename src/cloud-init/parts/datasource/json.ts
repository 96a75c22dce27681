import { EntryError } from '../entry-error.ts';
import { textOf } from './ask.ts';

/** The value of a JSON text; absent for none. */
export function jsonOf(bytes: Uint8Array | undefined): unknown {
  if (bytes === undefined) {
    return undefined;
  }
  try {
    return JSON.parse(textOf(bytes));
  } catch {
    // A SyntaxError.
    throw new EntryError('the service gave no JSON where it should');
  }
}

/** The texts in a list; whatever else is in it is passed over. */
export function stringsIn(value: unknown): readonly string[] {
  return Array.isArray(value)
    ? value.filter((item): item is string => typeof item === 'string')
    : [];
}

/** A field of what may be a mapping or a list. */
export function fieldOf(value: unknown, ...names: readonly (string | number)[]): unknown {
  let found = value;
  for (const name of names) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) {
      return undefined;
    }
    found = Reflect.get(found, name);
  }
  return found;
}
