import { textToBytes } from '../byte-text.ts';
import { byteLength } from './bytes.ts';
import { equalsAny, order } from './comparison.ts';
import { htmlEscaped, jsEscaped, queryEscaped } from './escapes.ts';
import { formatText } from './format-text.ts';
import { printText, printTexts, plainText } from './print-value.ts';
import type { TemplateFunction } from './signature.ts';
import { ANY, takes, takesMore, TEXT } from './signature.ts';
import { TemplateError } from './template-error.ts';
import { isTrue, typeName } from './value-kinds.ts';
import type { Value } from './values.ts';
import { int, Integer, List, Mapping } from './values.ts';

/** The functions that Go's text/template has by itself, but `slice`, which sprig replaces. */
export const builtins: Readonly<Record<string, TemplateFunction>> = {
  and: takesMore(
    [ANY],
    ANY,
    (...values) => values.find((value) => !isTrue(value)) ?? values.at(-1),
  ),
  or: takesMore([ANY], ANY, (...values) => values.find(isTrue) ?? values.at(-1)),
  not: takes([ANY], (value) => !isTrue(value)),
  len: takes([ANY], (value) => int(lengthOf(value))),
  index: takesMore([ANY], ANY, (value, ...keys) => itemAt(value, keys)),
  call: takesMore([ANY], ANY, (value) => {
    throw new TemplateError(`a ${typeName(value)} is no function`);
  }),
  print: takesMore([], ANY, (...values) => printTexts(values)),
  println: takesMore([], ANY, (...values) => `${values.map(plainText).join(' ')}\n`),
  printf: takesMore([TEXT], ANY, (format, ...values) => formatText(format, values)),
  html: takesMore([], ANY, (...values) => htmlEscaped(joined(values))),
  js: takesMore([], ANY, (...values) => jsEscaped(joined(values))),
  urlquery: takesMore([], ANY, (...values) => queryEscaped(joined(values))),
  eq: takesMore([ANY], ANY, (first, ...others) => equalsAny(first, others)),
  ne: takes([ANY, ANY], (left, right) => !equalsAny(left, [right])),
  lt: takes([ANY, ANY], (left, right) => order(left, right) < 0),
  le: takes([ANY, ANY], (left, right) => order(left, right) <= 0),
  gt: takes([ANY, ANY], (left, right) => !(order(left, right) <= 0)),
  ge: takes([ANY, ANY], (left, right) => !(order(left, right) < 0)),
};

/** Of several values the text that `print` gives, with `<no value>` for those that are not there. */
function joined(values: readonly Value[]): string {
  return printTexts(values.map((value) => value ?? printText(value)));
}

function lengthOf(value: Value): number {
  if (typeof value === 'string') {
    return byteLength(value);
  }
  if (value instanceof List) {
    return value.items.length;
  }
  if (value instanceof Mapping) {
    return value.entries.size;
  }
  throw new TemplateError(`a ${typeName(value)} has no length`);
}

function itemAt(value: Value, keys: readonly Value[]): Value {
  if (value === undefined || value === null) {
    throw new TemplateError('nothing cannot be indexed');
  }
  return keys.reduce(itemOf, value);
}

function itemOf(value: Value, key: Value): Value {
  if (value instanceof Mapping) {
    if (typeof key !== 'string') {
      throw new TemplateError(`a key must be a string, not a ${typeName(key)}`);
    }
    return value.entries.get(key) ?? (value.of === 'string' ? '' : null);
  }
  if (typeof value === 'string') {
    const bytes = textToBytes(value);
    return new Integer(BigInt(bytes[position(key, bytes.length)] ?? 0), 'uint8');
  }
  if (value instanceof List) {
    return value.items[position(key, value.items.length)];
  }
  throw new TemplateError(`a ${typeName(value)} cannot be indexed`);
}

function position(key: Value, length: number): number {
  if (!(key instanceof Integer)) {
    throw new TemplateError(`an index must be a whole number, not a ${typeName(key)}`);
  }
  if (key.value < 0n || key.value >= BigInt(length)) {
    throw new TemplateError(`the index ${key.value.toString()} is out of range`);
  }
  return Number(key.value);
}
