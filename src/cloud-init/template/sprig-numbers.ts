import { asNumber, asText } from './arguments.ts';
import type { TemplateFunction } from './functions.ts';
import { TemplateError } from './template-error.ts';

/** sprig's functions on numbers. The plain ones are of whole numbers, as in Go. */
export const numberFunctions: Readonly<Record<string, TemplateFunction>> = {
  add: (...values) => values.reduce((sum: number, value) => sum + whole(value), 0),
  add1: (value) => whole(value) + 1,
  sub: (left, right) => whole(left) - whole(right),
  mul: (...values) => values.reduce((product: number, value) => product * whole(value), 1),
  div: (left, right) => Math.trunc(whole(left) / divisor(right)),
  mod: (left, right) => whole(left) % divisor(right),
  max: (...values) => Math.max(...values.map(whole)),
  min: (...values) => Math.min(...values.map(whole)),
  floor: (value) => Math.floor(asNumber(value)),
  ceil: (value) => Math.ceil(asNumber(value)),
  round: (value, digits) => Number(asNumber(value).toFixed(asNumber(digits))),
  int: (value) => whole(value),
  int64: (value) => whole(value),
  float64: (value) => asNumber(value),
  atoi: (value) => (/^[-+]?\d+$/.test(asText(value)) ? Number(asText(value)) : 0),
  until: (count) => steps(0, asNumber(count), asNumber(count) < 0 ? -1 : 1),
  untilStep: (from, to, step) => steps(asNumber(from), asNumber(to), asNumber(step)),
};

function whole(value: unknown): number {
  return Math.trunc(asNumber(value));
}

function divisor(value: unknown): number {
  const number = whole(value);
  if (number === 0) {
    throw new TemplateError('division by zero');
  }
  return number;
}

function steps(from: number, to: number, step: number): readonly number[] {
  const count = step === 0 ? 0 : Math.max(0, Math.ceil((to - from) / step));
  if (count > 100_000) {
    throw new TemplateError(`${String(count)} steps are too many`);
  }
  return Array.from({ length: count }, (_, index) => from + index * step);
}
