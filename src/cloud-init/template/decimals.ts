import { TemplateError } from './template-error.ts';

/** An exact decimal number: `value` divided by ten to the power of `places`. */
interface Decimal {
  readonly value: bigint;
  readonly places: number;
}

/** What `addf` and its like do: exact decimal arithmetic on floats, so that 0.1 and 0.2 make 0.3. */
export type Operation = 'add' | 'sub' | 'mul' | 'div';

/** Calculates from left to right; division keeps 16 places. Throws a TemplateError for a division by zero. */
export function calculate(operation: Operation, first: number, more: readonly number[]): number {
  return toFloat(
    more.reduce(
      (left: Decimal, right) => operations[operation](left, fromFloat(right)),
      fromFloat(first),
    ),
  );
}

const operations: Readonly<Record<Operation, (left: Decimal, right: Decimal) => Decimal>> = {
  add: (left, right) => sum(left, right),
  sub: (left, right) => sum(left, { value: -right.value, places: right.places }),
  mul: (left, right) => ({
    value: left.value * right.value,
    places: left.places + right.places,
  }),
  div: quotient,
};

function fromFloat(value: number): Decimal {
  if (!Number.isFinite(value)) {
    throw new TemplateError(`${String(value)} has no decimal form`);
  }
  const [mantissa = '0', exponent = '0'] = value.toExponential().split('e');
  const fraction = mantissa.split('.')[1] ?? '';
  return scaled(BigInt(mantissa.replace('.', '')), fraction.length - Number(exponent));
}

function scaled(value: bigint, places: number): Decimal {
  return places >= 0 ? { value, places } : { value: value * 10n ** BigInt(-places), places: 0 };
}

function sum(left: Decimal, right: Decimal): Decimal {
  const places = Math.max(left.places, right.places);
  const at = ({ value, places: own }: Decimal): bigint => value * 10n ** BigInt(places - own);
  return { value: at(left) + at(right), places };
}

const kept = 16;

function quotient(left: Decimal, right: Decimal): Decimal {
  if (right.value === 0n) {
    throw new TemplateError('division by zero');
  }
  const up = kept + right.places - left.places;
  const numerator = left.value * 10n ** BigInt(Math.max(0, up));
  const denominator = right.value * 10n ** BigInt(Math.max(0, -up));
  const size = (number: bigint): bigint => (number < 0n ? -number : number);
  const whole = numerator / denominator;
  const isHalf = 2n * size(numerator % denominator) >= size(denominator);
  const away = left.value < 0n === right.value < 0n ? 1n : -1n;
  return { value: isHalf ? whole + away : whole, places: kept };
}

function toFloat({ value, places }: Decimal): number {
  return Number(`${value.toString()}e-${String(places)}`);
}
