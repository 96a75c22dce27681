import { instantText } from './time-text.ts';
import { plainFloatText } from './float-text.ts';
import { quotedText } from './quoted-text.ts';
import { typeName } from './value-kinds.ts';
import type { Value } from './values.ts';
import { Instant, Integer, List, Mapping } from './values.ts';

/** A value as it would be written in Go: the verb `%#v`. */
export function goSyntax(value: Value): string {
  return syntax(value, 'alone');
}

function syntax(value: Value, where: 'alone' | 'inside'): string {
  if (value === undefined || value === null) {
    return where === 'alone' ? '<nil>' : 'interface {}(nil)';
  }
  if (typeof value === 'string') {
    return quotedText(value);
  }
  if (typeof value === 'number') {
    return plainFloatText(value);
  }
  if (value instanceof Integer) {
    return value.type === 'uint8' || value.type === 'uint64'
      ? `0x${value.value.toString(16)}`
      : value.value.toString();
  }
  if (value instanceof List) {
    const items = value.items.map((item) => syntax(item, 'inside'));
    return value.isNil ? `${typeName(value)}(nil)` : `${typeName(value)}{${items.join(', ')}}`;
  }
  if (value instanceof Mapping) {
    const entries = value
      .sorted()
      .map(([key, item]) => `${quotedText(key)}:${syntax(item, 'inside')}`);
    return value.isNil ? `${typeName(value)}(nil)` : `${typeName(value)}{${entries.join(', ')}}`;
  }
  return value instanceof Instant ? instantText(value) : value.toString();
}
