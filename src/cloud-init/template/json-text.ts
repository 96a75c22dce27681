import { formatTime } from './time-text.ts';
import { TemplateError } from './template-error.ts';
import type { Value } from './values.ts';
import { Instant, Integer, List, Mapping } from './values.ts';

/** How a value becomes JSON. */
export interface JsonStyle {
  /** Whether `<`, `>` and `&` are written as escapes. */
  readonly html: 'escaped' | 'kept';
  readonly lines: 'one' | 'indented';
}

/** A value as Go writes JSON: keys in order. Throws a TemplateError for a number that JSON cannot have. */
export function jsonText(value: Value, style: JsonStyle): string {
  return write(value, style, '');
}

function write(value: Value, style: JsonStyle, margin: string): string {
  if (value === undefined || value === null || typeof value === 'boolean') {
    return String(value ?? null);
  }
  if (typeof value === 'string') {
    return quoted(value, style);
  }
  if (typeof value === 'number') {
    return jsonNumber(value);
  }
  if (value instanceof Integer) {
    return value.value.toString();
  }
  const inner = style.lines === 'one' ? '' : `${margin}  `;
  if (value instanceof List) {
    const items = value.items.map((item) => inner + write(item, style, inner));
    return value.isNil ? 'null' : bracketed(items, { style, margin, brackets: '[]' });
  }
  if (value instanceof Mapping) {
    const colon = style.lines === 'one' ? ':' : ': ';
    const entries = value
      .sorted()
      .map(([key, item]) => inner + quoted(key, style) + colon + write(item, style, inner));
    return value.isNil ? 'null' : bracketed(entries, { style, margin, brackets: '{}' });
  }
  return value instanceof Instant
    ? quoted(formatTime(value, '2006-01-02T15:04:05.999999999Z07:00'), style)
    : quoted(value.toString(), style);
}

function bracketed(
  items: readonly string[],
  how: { readonly style: JsonStyle; readonly margin: string; readonly brackets: '[]' | '{}' },
): string {
  const [open, close] = how.brackets;
  if (items.length === 0 || how.style.lines === 'one') {
    return `${open ?? ''}${items.join(',')}${close ?? ''}`;
  }
  return `${open ?? ''}\n${items.join(',\n')}\n${how.margin}${close ?? ''}`;
}

function jsonNumber(value: number): string {
  if (!Number.isFinite(value)) {
    throw new TemplateError(`JSON has no number ${String(value)}`);
  }
  return Object.is(value, -0) ? '-0' : String(value);
}

const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function quoted(text: string, style: JsonStyle): string {
  const special = /[\0-\x1f"\\<>&\u2028\u2029\ud800-\udfff]/gu;
  const inner = text.replace(special, (letter) => {
    const isSafe = style.html === 'kept' && /[<>&]/.test(letter);
    const point = letter.charCodeAt(0);
    return isSafe
      ? letter
      : (escapes[letter] ??
          `\\u${(point >= 0xd800 && point <= 0xdfff ? 0xfffd : point).toString(16).padStart(4, '0')}`);
  });
  return `"${inner}"`;
}
