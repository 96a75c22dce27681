import { durationText } from './durations.ts';
import { plainFloatText } from './float-text.ts';
import { instantText, monthNames, weekdayNames } from './time-text.ts';
import type { Value } from './values.ts';
import { Instant, Integer, List, Mapping } from './values.ts';

/** What `{{ value }}` puts into the text; of nothing `<no value>`. */
export function printText(value: Value): string {
  return value === undefined || value === null ? '<no value>' : plainText(value);
}

/** A value as Go prints it with `%v`; of nothing `<nil>`. */
export function plainText(value: Value): string {
  if (value === undefined || value === null) {
    return '<nil>';
  }
  if (typeof value === 'number') {
    return plainFloatText(value);
  }
  if (value instanceof List) {
    return `[${value.items.map(plainText).join(' ')}]`;
  }
  if (value instanceof Mapping) {
    const entries = value.sorted().map(([key, item]) => `${key}:${plainText(item)}`);
    return `map[${entries.join(' ')}]`;
  }
  if (value instanceof Integer) {
    return ownText(value) ?? value.value.toString();
  }
  return value instanceof Instant ? instantText(value) : value.toString();
}

/** The text of those values that have a method for it, a moment for example. */
export function ownText(value: Value): string | undefined {
  if (!(value instanceof Integer)) {
    return typeof value !== 'object' ||
      value === null ||
      value instanceof List ||
      value instanceof Mapping
      ? undefined
      : plainText(value);
  }
  switch (value.type) {
    case 'time.Duration':
      return durationText(value.value);
    case 'time.Month':
      return monthNames[Number(value.value) - 1] ?? `%!Month(${value.value.toString()})`;
    case 'time.Weekday':
      return weekdayNames[Number(value.value)] ?? `%!Weekday(${value.value.toString()})`;
    case 'int':
    case 'int64':
    case 'uint8':
    case 'uint64':
      return undefined;
  }
}

/** Go's `print`: a blank between two neighbours of which neither is a text. */
export function printTexts(values: readonly Value[]): string {
  return values
    .map((value, index) => {
      const before = values[index - 1];
      const apart = index > 0 && typeof value !== 'string' && typeof before !== 'string';
      return (apart ? ' ' : '') + plainText(value);
    })
    .join('');
}
