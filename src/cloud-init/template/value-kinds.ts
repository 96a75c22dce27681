import type { Value } from './values.ts';
import { Instant, Integer, List, Mapping, Version } from './values.ts';

/** The name of Go's type of a value, as `%T` prints it. */
export function typeName(value: Value): string {
  if (value === undefined || value === null) {
    return '<nil>';
  }
  if (typeof value === 'number') {
    return 'float64';
  }
  if (typeof value !== 'object') {
    return typeof value === 'boolean' ? 'bool' : 'string';
  }
  if (value instanceof Integer) {
    return value.type;
  }
  if (value instanceof List) {
    return `[]${value.of}`;
  }
  if (value instanceof Mapping) {
    return `map[string]${value.of}`;
  }
  return value instanceof Instant ? 'time.Time' : '*semver.Version';
}

/** What reflection calls the kind of a value. */
export function kindName(value: Value): string {
  if (value === undefined || value === null) {
    return 'invalid';
  }
  if (value instanceof Integer) {
    return integerKinds[value.type];
  }
  if (value instanceof List) {
    return 'slice';
  }
  if (value instanceof Mapping) {
    return 'map';
  }
  if (typeof value === 'object') {
    return value instanceof Instant ? 'struct' : 'ptr';
  }
  return typeName(value);
}

const integerKinds = {
  int: 'int',
  int64: 'int64',
  uint8: 'uint8',
  uint64: 'uint64',
  'time.Duration': 'int64',
  'time.Month': 'int',
  'time.Weekday': 'int',
} as const;

/** What `if` and sprig's `empty` go by: nothing, zero, false and whatever has no length are not true. */
export function isTrue(value: Value): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) {
    return false;
  }
  if (value instanceof Integer) {
    return value.value !== 0n;
  }
  if (value instanceof List) {
    return value.items.length > 0;
  }
  return !(value instanceof Mapping) || value.entries.size > 0;
}

/** Whether Go's `reflect.DeepEqual` takes two values for the same: types count, numbers that are none differ. */
export function isDeeplyEqual(left: Value, right: Value): boolean {
  if (typeName(left) !== typeName(right)) {
    return false;
  }
  if (left instanceof Integer && right instanceof Integer) {
    return left.value === right.value;
  }
  if (left instanceof List && right instanceof List) {
    return (
      left === right ||
      (left.isNil === right.isNil &&
        left.items.length === right.items.length &&
        left.items.every((item, index) => isDeeplyEqual(item, right.items[index])))
    );
  }
  if (left instanceof Mapping && right instanceof Mapping) {
    return (
      left === right ||
      (left.isNil === right.isNil &&
        left.entries.size === right.entries.size &&
        [...left.entries].every(
          ([key, item]) => right.entries.has(key) && isDeeplyEqual(item, right.entries.get(key)),
        ))
    );
  }
  if (left instanceof Instant && right instanceof Instant) {
    return left.nanoseconds === right.nanoseconds && left.zone.name === right.zone.name;
  }
  if (left instanceof Version && right instanceof Version) {
    return left.toString() === right.toString() && left.original === right.original;
  }
  return (left ?? null) === (right ?? null);
}

/** A text that is the same for two values exactly when they are deeply equal. */
export function identityOf(value: Value): string {
  if (value instanceof List) {
    return `${typeName(value)}${String(value.isNil)}[${value.items.map(identityOf).join()}]`;
  }
  if (value instanceof Mapping) {
    const entries = value
      .sorted()
      .map(([key, item]) => `${JSON.stringify(key)}:${identityOf(item)}`);
    return `${typeName(value)}${String(value.isNil)}{${entries.join()}}`;
  }
  if (value instanceof Integer) {
    return `${value.type} ${value.value.toString()}`;
  }
  if (value instanceof Instant) {
    return `time ${value.nanoseconds.toString()} ${value.zone.name}`;
  }
  return value instanceof Version ? `version ${value.original}` : JSON.stringify(value ?? null);
}
