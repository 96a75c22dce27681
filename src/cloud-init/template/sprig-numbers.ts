import { countable } from './budget.ts';
import { toFloat, toWhole } from './casts.ts';
import { calculate } from './decimals.ts';
import { plainText } from './print-value.ts';
import type { TemplateFunction } from './signature.ts';
import { ANY, FLOAT, INT, takes, takesMore, TEXT } from './signature.ts';
import { TemplateError } from './template-error.ts';
import type { Value } from './values.ts';
import { int, int64, List } from './values.ts';

const largest = takesMore([ANY], ANY, (...values) =>
  int64(values.map(toWhole).reduce((left, right) => (right > left ? right : left))),
);

/** sprig's functions on numbers. The plain ones are of whole numbers, as in Go, and take what looks like one. */
export const numberFunctions: Readonly<Record<string, TemplateFunction>> = {
  add: takesMore([], ANY, (...values) => int64(sum(values))),
  add1: takes([ANY], (value) => int64(toWhole(value) + 1n)),
  sub: takes([ANY, ANY], (left, right) => int64(toWhole(left) - toWhole(right))),
  mul: takesMore([ANY], ANY, (...values) =>
    int64(values.map(toWhole).reduce((left, right) => BigInt.asIntN(64, left * right))),
  ),
  div: takes([ANY, ANY], (left, right) => int64(toWhole(left) / divisor(right))),
  mod: takes([ANY, ANY], (left, right) => int64(toWhole(left) % divisor(right))),
  max: largest,
  biggest: largest,
  min: takesMore([ANY], ANY, (...values) =>
    int64(values.map(toWhole).reduce((left, right) => (right < left ? right : left))),
  ),
  add1f: takes([ANY], (value) => calculate('add', toFloat(value), [1])),
  addf: takesMore([], ANY, (...values) => calculate('add', 0, values.map(toFloat))),
  subf: takesMore([ANY], ANY, (first, ...more) =>
    calculate('sub', toFloat(first), more.map(toFloat)),
  ),
  mulf: takesMore([ANY], ANY, (first, ...more) =>
    calculate('mul', toFloat(first), more.map(toFloat)),
  ),
  divf: takesMore([ANY], ANY, (first, ...more) =>
    calculate('div', toFloat(first), more.map(toFloat)),
  ),
  maxf: takesMore([ANY], ANY, (...values) =>
    values.map(toFloat).reduce((left, right) => Math.max(left, right)),
  ),
  minf: takesMore([ANY], ANY, (...values) =>
    values.map(toFloat).reduce((left, right) => Math.min(left, right)),
  ),
  floor: takes([ANY], (value) => Math.floor(toFloat(value))),
  ceil: takes([ANY], (value) => Math.ceil(toFloat(value))),
  round: takesMore([ANY, INT], FLOAT, (value, places, upFrom = 0.5) =>
    roundedFrom(toFloat(value), { places, upFrom }),
  ),
  int: takes([ANY], (value) => int(toWhole(value))),
  int64: takes([ANY], (value) => int64(toWhole(value))),
  float64: takes([ANY], toFloat),
  atoi: takes([TEXT], (text) => int(readDecimal(text))),
  toDecimal: takes([ANY], (value) => int64(readOctal(plainText(value)))),
  until: takes([INT], (count) => numbers(steps(0, count, count < 0 ? -1 : 1))),
  untilStep: takes([INT, INT, INT], (from, to, step) => numbers(steps(from, to, step))),
  seq: takesMore([], INT, (...values) => sequence(values).join(' ')),
};

function sum(values: readonly Value[]): bigint {
  return values.map(toWhole).reduce((left, right) => left + right, 0n);
}

function divisor(value: Value): bigint {
  const number = toWhole(value);
  if (number === 0n) {
    throw new TemplateError('division by zero');
  }
  return number;
}

/** Rounds up from a fraction on; below zero the fraction is negative, so that it rounds down. */
function roundedFrom(
  value: number,
  how: { readonly places: number; readonly upFrom: number },
): number {
  // The operator for powers is not exact here.
  const power = Number(`1e${how.places}`);
  const moved = power * value;
  const fraction = moved - Math.trunc(moved);
  return (fraction >= how.upFrom ? Math.ceil(moved) : Math.floor(moved)) / power;
}

function readDecimal(text: string): bigint {
  const most = 2n ** 63n - 1n;
  if (!/^[-+]?\d+$/.test(text)) {
    return 0n;
  }
  // Go's Atoi keeps the number that comes nearest.
  const value = BigInt(text.replace(/^\+/, ''));
  return value > most ? most : value < -most - 1n ? -most - 1n : value;
}

function readOctal(text: string): bigint {
  const [, sign = '', digits] = /^([-+]?)([0-7]+)$/.exec(text) ?? [];
  const size = digits === undefined ? 0n : BigInt(`0o${digits}`);
  const value = sign === '-' ? -size : size;
  return BigInt.asIntN(64, value) === value ? value : 0n;
}

function numbers(values: readonly number[]): List {
  return new List(values.map(int), 'int');
}

/** From one number up to, or down to, another, which is left out. */
function steps(from: number, to: number, step: number): readonly number[] {
  const runs = to < from ? step < 0 : step > 0;
  const count = runs ? countable(Math.ceil((to - from) / step)) : 0;
  return Array.from({ length: count }, (_, index) => from + index * step);
}

/** What the program `seq` prints: to the last number, from the first, by a step in the middle. */
function sequence(values: readonly number[]): readonly number[] {
  const [first = 0, second = 0, third = 0] = values;
  switch (values.length) {
    case 1:
      return steps(1, first + (first < 1 ? -1 : 1), first < 1 ? -1 : 1);
    case 2:
      return steps(first, second + (second < first ? -1 : 1), second < first ? -1 : 1);
    case 3:
      return third < first && second > 0
        ? []
        : steps(first, third + (third < first ? -1 : 1), second);
    default:
      return [];
  }
}
