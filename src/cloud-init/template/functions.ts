import { asText, isTrue } from './arguments.ts';
import { formatText, printValue } from './printing.ts';
import { dataFunctions } from './sprig-data.ts';
import { numberFunctions } from './sprig-numbers.ts';
import { randomFunctions } from './sprig-random.ts';
import { textFunctions } from './sprig-text.ts';
import { TemplateError } from './template-error.ts';

export { isTrue } from './arguments.ts';

export type TemplateFunction = (...values: readonly unknown[]) => unknown;
export type Functions = ReadonlyMap<string, TemplateFunction>;

/**
 * Go's own template functions and the useful ones of sprig. What reads the process's environment or the network is left
 * out on purpose: a template must not carry secrets of the caller into a file.
 */
export function templateFunctions(random: (bytes: number) => Uint8Array): Functions {
  return new Map(
    Object.entries({
      ...builtins,
      ...textFunctions,
      ...numberFunctions,
      ...dataFunctions,
      ...randomFunctions(random),
    }),
  );
}

const builtins: Readonly<Record<string, TemplateFunction>> = {
  and: (...values) => values.find((value) => !isTrue(value)) ?? values.at(-1),
  or: (...values) => values.find(isTrue) ?? values.at(-1),
  not: (value) => !isTrue(value),
  len: (value) => lengthOf(value),
  index: (value, ...keys) => keys.reduce(itemOf, value),
  slice: (value, from, to) =>
    Array.isArray(value)
      ? value.slice(Number(from ?? 0), to === undefined ? undefined : Number(to))
      : asText(value).slice(Number(from ?? 0), to === undefined ? undefined : Number(to)),
  print: (...values) => values.map(printValue).join(''),
  println: (...values) => `${values.map(printValue).join(' ')}\n`,
  printf: (format, ...values) => formatText(asText(format), values),
  html: (value) =>
    asText(value).replace(/[&<>"']/g, (letter) => `&#${String(letter.codePointAt(0) ?? 0)};`),
  js: (value) => JSON.stringify(asText(value)).slice(1, -1),
  urlquery: (value) => encodeURIComponent(asText(value)).replaceAll('%20', '+'),
  eq: (left, ...rights) => rights.some((right) => isSame(left, right)),
  ne: (left, right) => !isSame(left, right),
  lt: (left, right) => compare(left, right) < 0,
  le: (left, right) => compare(left, right) <= 0,
  gt: (left, right) => compare(left, right) > 0,
  ge: (left, right) => compare(left, right) >= 0,
};

function lengthOf(value: unknown): number {
  if (typeof value === 'string') {
    return Buffer.byteLength(value);
  }
  if (Array.isArray(value)) {
    return value.length;
  }
  if (typeof value === 'object' && value !== null) {
    return Object.keys(value).length;
  }
  throw new TemplateError(`\`len\` of \`${printValue(value)}\``);
}

function itemOf(value: unknown, key: unknown): unknown {
  if (Array.isArray(value)) {
    const index = Number(key);
    if (!Number.isInteger(index) || index < 0 || index >= value.length) {
      throw new TemplateError(`index out of range: ${printValue(key)}`);
    }
    return value[index] as unknown;
  }
  if (typeof value === 'object' && value !== null) {
    const name = asText(key);
    return Object.hasOwn(value, name)
      ? (value as Readonly<Record<string, unknown>>)[name]
      : undefined;
  }
  if (value === undefined) {
    throw new TemplateError('index of nothing');
  }
  throw new TemplateError(`\`${printValue(value)}\` cannot be indexed`);
}

function isSame(left: unknown, right: unknown): boolean {
  return (left ?? undefined) === (right ?? undefined);
}

function compare(left: unknown, right: unknown): number {
  if (typeof left === 'number' && typeof right === 'number') {
    return left - right;
  }
  if (typeof left === 'string' && typeof right === 'string') {
    return left < right ? -1 : left > right ? 1 : 0;
  }
  throw new TemplateError(
    `\`${printValue(left)}\` and \`${printValue(right)}\` cannot be compared`,
  );
}
