import { plainText } from './print-value.ts';
import { TemplateError } from './template-error.ts';
import { kindName, typeName } from './value-kinds.ts';
import type { Value } from './values.ts';
import { compareTexts, Instant, Integer, List, Mapping, Version } from './values.ts';

/** Whether one of the others equals the first value; of different kinds only nil and the kinds of whole numbers mix. */
export function equalsAny(first: Value, others: readonly Value[]): boolean {
  if (others.length === 0) {
    throw new TemplateError('there is nothing to compare with');
  }
  return others.some((other) => equals(first, other));
}

function equals(left: Value, right: Value): boolean {
  const [leftKind, rightKind] = [basicKind(left), basicKind(right)];
  if (leftKind !== rightKind) {
    if (isNothing(left) || isNothing(right)) {
      return false;
    }
    throw new TemplateError(incompatible(left, right));
  }
  if (left instanceof Integer && right instanceof Integer) {
    return left.value === right.value;
  }
  if (leftKind !== 'other') {
    return left === right;
  }
  return equalsByKind(left, right);
}

function isNothing(value: Value): boolean {
  return value === undefined || value === null;
}

function equalsByKind(left: Value, right: Value): boolean {
  if (isNil(left) || isNil(right)) {
    if (!isNothing(left) && !isNothing(right) && kindName(left) !== kindName(right)) {
      throw new TemplateError(incompatible(left, right));
    }
    return isNil(left) === isNil(right);
  }
  if (left instanceof Instant && right instanceof Instant) {
    return left.nanoseconds === right.nanoseconds && left.zone === right.zone;
  }
  if (left instanceof Version && right instanceof Version) {
    return left === right;
  }
  throw new TemplateError(incompatible(left, right));
}

function isNil(value: Value): boolean {
  return isNothing(value) || ((value instanceof List || value instanceof Mapping) && value.isNil);
}

/** Below zero when the left one comes first; only numbers of one kind and texts have an order. */
export function order(left: Value, right: Value): number {
  if (left instanceof Integer && right instanceof Integer) {
    return left.value < right.value ? -1 : Number(left.value > right.value);
  }
  if (typeof left === 'number' && typeof right === 'number') {
    return left < right ? -1 : left === right ? 0 : left > right ? 1 : Number.NaN;
  }
  if (typeof left === 'string' && typeof right === 'string') {
    return compareTexts(left, right);
  }
  throw new TemplateError(incompatible(left, right));
}

function basicKind(value: Value): string {
  if (value instanceof Integer) {
    return 'whole';
  }
  return typeof value === 'object' || value === undefined ? 'other' : typeof value;
}

function incompatible(left: Value, right: Value): string {
  const shown = [left, right].map((value) => `\`${plainText(value).slice(0, 40)}\``);
  return `a ${typeName(left)} and a ${typeName(right)} cannot be compared: ${shown.join(' and ')}`;
}
