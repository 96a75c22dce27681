import { holdsBytes } from '../byte-text.ts';
import type { Position, YamlNode } from '../yaml/node.ts';
import { isNull } from '../yaml/node.ts';
import { readFlag, readInteger } from '../yaml/scalars.ts';
import type { Reading } from './reading.ts';
import type { KeyRule, Shape, Since, TextContent } from './shape.ts';

/**
 * Reads a value of one type out of a node. What does not fit is an error in `reading`, and the result is the empty
 * value of the type, so that the rest can still be looked at. `what` names the value for people: `files[0].path`.
 */
export interface Decoder<T> {
  (node: YamlNode, reading: Reading, what: string): T;
  readonly shape: Shape;
}

export type Read<T> = (node: YamlNode, reading: Reading, what: string) => T;

export function decoder<T>(shape: Shape, read: Read<T>): Decoder<T> {
  return Object.assign((...given: Parameters<Read<T>>) => read(...given), { shape });
}

/** The same decoder, with a line for people about what the key does. */
export function says<T>(line: string, of: Decoder<T>, since?: Since): Decoder<T> {
  const notes = { says: line, ...(since === undefined ? {} : { since }) };
  return decoder({ ...of.shape, ...notes }, of);
}

/** The same decoder of a text, with what the text means. */
export function holding<T>(content: TextContent, of: Decoder<T>): Decoder<T> {
  return decoder(of.shape.kind === 'text' ? { ...of.shape, holds: content } : of.shape, of);
}

/** A text: numbers and booleans keep their source text, null is the empty text. */
export const text = decoder<string>({ kind: 'text' }, (node, reading, what) => {
  if (node.kind !== 'scalar') {
    return refuse(reading, { what, wanted: 'a text', node }, '');
  }
  if (holdsBytes(node.text)) {
    return refuse(reading, { what, wanted: 'a text', node }, '');
  }
  return isNull(node) ? '' : node.text;
});

/** A text that may be bytes: the content of a file. */
export const byteText = decoder<string>({ kind: 'text' }, (node, reading, what) =>
  node.kind === 'scalar' && holdsBytes(node.text) ? node.text : text(node, reading, what),
);

/** A text that remembers where it stands. */
export interface PlacedText {
  readonly text: string;
  readonly at: Position;
}

export const placedText = decoder<PlacedText>({ kind: 'text' }, (node, reading, what) => ({
  text: text(node, reading, what),
  at: node.at,
}));

/** A text, and whether it stood there without quotes, so that `007` may have been meant as a number. */
export interface ValueText {
  readonly text: string;
  readonly plain: boolean;
}

export const valueText = decoder<ValueText>({ kind: 'text' }, (node, reading, what) => ({
  text: text(node, reading, what),
  plain: node.kind === 'scalar' && node.style === 'plain',
}));

/** A number that is not negative; `0644` is octal and `644` is not. Quoted numbers are taken, too. */
export const integer = decoder<number | undefined>({ kind: 'integer' }, (node, reading, what) =>
  naturalNumber(node, reading, { what, wanted: 'a number that is not negative' }),
);

function naturalNumber(
  node: YamlNode,
  reading: Reading,
  asked: { readonly what: string; readonly wanted: string },
): number | undefined {
  if (node.kind === 'scalar' && (isNull(node) || node.text === '')) {
    return undefined;
  }
  const value = node.kind === 'scalar' ? readInteger(node.text) : undefined;
  return value === undefined || value < 0
    ? refuse<number | undefined>(reading, { ...asked, node }, undefined)
    : value;
}

/**
 * A file mode. Written in octal it may have set-id and sticky bits; in decimal, bits above 0777 are there by mistake
 * (`644` for `0644`) and are dropped, as in the reference.
 */
export const permissions = decoder<number | undefined>({ kind: 'mode' }, (node, reading, what) => {
  const mode = naturalNumber(node, reading, { what, wanted: 'a mode such as 0644' });
  const decimal = node.kind === 'scalar' && /^[1-9][0-9_]*$/.test(node.text);
  if (mode === undefined || !decimal || mode <= 0o777) {
    return mode;
  }
  const message = `${what} is the decimal number ${String(mode)}, did you mean 0${String(mode)}?`;
  reading.warnings.push({ ...decimalMode(mode), message, at: node.at });
  return mode & 0o777;
});

/** A mode that was meant in octal and stands there in decimal. */
export function decimalMode(mode: number): { readonly code: string; readonly expected: string } {
  return { code: 'decimal-mode', expected: `0${String(mode)}` };
}

/** A whole number of either sign. */
export const signedInteger = decoder<number | undefined>(
  { kind: 'signed' },
  (node, reading, what) => {
    if (node.kind === 'scalar' && (isNull(node) || node.text === '')) {
      return undefined;
    }
    const value = node.kind === 'scalar' ? readInteger(node.text) : undefined;
    return (
      value ??
      refuse<number | undefined>(reading, { what, wanted: 'a whole number', node }, undefined)
    );
  },
);

/** `true`, `yes`, `on` and their opposites. */
export const flag = decoder<boolean>({ kind: 'flag' }, (node, reading, what) => {
  if (node.kind === 'scalar' && (isNull(node) || node.text === '')) {
    return false;
  }
  const value = node.kind === 'scalar' ? readFlag(node.text) : undefined;
  return value ?? refuse(reading, { what, wanted: 'true or false', node }, false);
});

/** A list; null is the empty one. A single value is not taken for a list of one. */
export function list<T>(item: Decoder<T>): Decoder<readonly T[]> {
  return decoder({ kind: 'list', item: item.shape }, (node, reading, what) => {
    if (isNull(node)) {
      return [];
    }
    return node.kind === 'sequence'
      ? node.items.map((child, index) => item(child, reading, `${what}[${String(index)}]`))
      : refuse(reading, { what, wanted: 'a list', node }, []);
  });
}

export interface Entry<T> {
  readonly key: string;
  readonly value: T;
  readonly at: Position;
}

/** A mapping with free keys, in source order. */
export function entries<T>(value: Decoder<T>, keys?: KeyRule): Decoder<readonly Entry<T>[]> {
  const rule = keys === undefined ? {} : { keys };
  return decoder({ kind: 'entries', value: value.shape, ...rule }, (node, reading, what) => {
    if (isNull(node)) {
      return [];
    }
    return node.kind === 'mapping'
      ? node.entries.map((entry) => ({
          key: entry.key,
          value: value(entry.value, reading, `${what}.${entry.key}`),
          at: entry.at,
        }))
      : refuse(reading, { what, wanted: 'a mapping', node }, []);
  });
}

/** Records an error; the result is what the caller goes on with. */
export function refuse<T>(
  reading: Reading,
  found: { readonly what: string; readonly wanted: string; readonly node: YamlNode },
  instead: T,
): T {
  const { wanted, node, what } = found;
  // `- echo a: b` is a mapping to YAML, whatever it is to people.
  const oneKey = wanted === 'a text' && node.kind === 'mapping' && node.entries.length === 1;
  const hint = oneKey ? ': what has `: ` in it stands in quotes' : '';
  const message = `${what} must be ${wanted}, not ${describe(node)}${hint}`;
  const expected = oneKey ? `${wanted} in quotes` : wanted;
  reading.errors.push({ code: 'wrong-type', message, expected, at: node.at });
  return instead;
}

function describe(node: YamlNode): string {
  switch (node.kind) {
    case 'scalar':
      return isNull(node)
        ? 'nothing'
        : holdsBytes(node.text)
          ? 'bytes that are no UTF-8'
          : `"${node.text.slice(0, 40)}"`;
    case 'sequence':
      return 'a list';
    case 'mapping':
      return 'a mapping';
  }
}
