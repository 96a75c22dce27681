import { TemplateError } from './template-error.ts';
import type { Value } from './values.ts';
import { int } from './values.ts';

/** A number as it is written in a template: what it is depends on the parameter that it is given to. */
export class NumberLiteral {
  /** As a value of its own: an `int`, or a `float64` when it is written as one. */
  readonly ideal: Value;
  /** As a whole number, when it is one. */
  readonly whole: bigint | undefined;
  readonly float: number;

  constructor(ideal: Value, whole: bigint | undefined, float: number) {
    this.ideal = ideal;
    this.whole = whole;
    this.float = float;
  }
}

const wholeNumber =
  /^[-+]?(?:0[xX](?:_?[\da-fA-F])+|0[bB](?:_?[01])+|0[oO]?(?:_?[0-7])*|[1-9](?:_?\d)*)$/;
const decimalFloat =
  /^[-+]?(?:\d(?:_?\d)*\.?(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*)(?:[eE][-+]?\d(?:_?\d)*)?$/;
const hexFloat =
  /^([-+]?)0[xX]_?((?:[\da-fA-F](?:_?[\da-fA-F])*)?)\.?((?:[\da-fA-F](?:_?[\da-fA-F])*)?)[pP]([-+]?\d+)$/;

/** Reads a number as Go writes it: decimal, `0x`, `0o`, `0b`, a leading 0 for octal, `_` between digits, exponents. */
export function numberLiteral(text: string): NumberLiteral {
  if (text.endsWith('i')) {
    throw new TemplateError(`complex numbers like \`${text}\` are not supported`);
  }
  const whole = wholeNumber.test(text) ? readWhole(text) : undefined;
  if (whole !== undefined && BigInt.asIntN(64, whole) === whole) {
    return new NumberLiteral(int(whole), whole, Number(whole));
  }
  if (whole !== undefined && BigInt.asUintN(64, whole) === whole && !text.startsWith('-')) {
    throw new TemplateError(`the number \`${text}\` is too large`);
  }
  const float = readFloat(text);
  if (float === undefined || !Number.isFinite(float)) {
    throw new TemplateError(`\`${text}\` is no number`);
  }
  if (!/[.eEpP]/.test(text)) {
    throw new TemplateError(`the number \`${text}\` is too large`);
  }
  const isWhole = Number.isInteger(float) && Math.abs(float) < 2 ** 63;
  return new NumberLiteral(float, isWhole ? BigInt(float) : undefined, float);
}

/** The number of a letter in single quotes. */
export function letterLiteral(letter: number): NumberLiteral {
  return new NumberLiteral(int(letter), BigInt(letter), letter);
}

/** A whole number in any of Go's spellings; the text has one of them. */
export function readWhole(text: string): bigint {
  const digits = text.replaceAll('_', '').replace(/^[-+]/, '');
  const spelled = /^0\d/.test(digits) ? `0o${digits.slice(1)}` : digits;
  return text.startsWith('-') ? -BigInt(spelled) : BigInt(spelled);
}

/** Whether a text is a whole number in any of Go's spellings. */
export function isWhole(text: string): boolean {
  return wholeNumber.test(text);
}

/** A float in any of Go's spellings; `undefined` when the text is none. */
export function readFloat(text: string): number | undefined {
  if (decimalFloat.test(text)) {
    return Number(text.replaceAll('_', ''));
  }
  return readHexFloat(text);
}

/** With a binary exponent, `0x1.8p3`. */
function readHexFloat(text: string): number | undefined {
  const [, sign = '', before = '', after = '', exponent = ''] = hexFloat.exec(text) ?? [];
  const digits = (before + after).replaceAll('_', '');
  if (digits === '') {
    return undefined;
  }
  const scale = Number(exponent) - 4 * after.replaceAll('_', '').length;
  const size = Number(BigInt(`0x${digits}`)) * 2 ** scale;
  return sign === '-' ? -size : size;
}
