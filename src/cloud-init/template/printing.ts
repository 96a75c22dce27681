/** A value as Go prints it with `%v`; an absent one is `<no value>` at the top and `<nil>` inside others. */
export function printValue(value: unknown): string {
  return value === undefined || value === null ? '<no value>' : printInner(value);
}

function printInner(value: unknown): string {
  if (value === undefined || value === null) {
    return '<nil>';
  }
  if (typeof value === 'number') {
    return printNumber(value);
  }
  if (Array.isArray(value)) {
    return `[${value.map(printInner).join(' ')}]`;
  }
  if (typeof value === 'object') {
    const entries = Object.entries(value as Readonly<Record<string, unknown>>);
    const sorted = entries.sort(([left], [right]) => (left < right ? -1 : 1));
    return `map[${sorted.map(([key, inner]) => `${key}:${printInner(inner)}`).join(' ')}]`;
  }
  return typeof value === 'string' || typeof value === 'boolean' ? String(value) : '';
}

/** Go's `%v` of a float: an exponent has two digits at least. */
function printNumber(value: number): string {
  if (!Number.isFinite(value)) {
    return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  }
  return String(value).replace(/e([-+])(\d)$/, 'e$10$2');
}

/** Go's `fmt.Sprintf`, as far as templates need it. */
export function formatText(format: string, values: readonly unknown[]): string {
  let used = 0;
  const text = format.replace(
    /%([-+ #0]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])/g,
    (
      _all,
      flags: string,
      width: string | undefined,
      precision: string | undefined,
      verb: string,
    ) => {
      if (verb === '%') {
        return '%';
      }
      if (used >= values.length) {
        return `%!${verb}(MISSING)`;
      }
      const value = values[used];
      used += 1;
      return pad(formatOne(verb, value, { flags, precision }), flags, Number(width ?? 0));
    },
  );
  const extra = values.slice(used).map((value) => printInner(value));
  return extra.length === 0 ? text : `${text}%!(EXTRA ${extra.join(', ')})`;
}

function formatOne(
  verb: string,
  value: unknown,
  how: { readonly flags: string; readonly precision: string | undefined },
): string {
  const sign = how.flags.includes('+') && typeof value === 'number' && value >= 0 ? '+' : '';
  switch (verb) {
    case 'd':
      return typeof value === 'number' ? sign + String(Math.trunc(value)) : bad(verb, value);
    case 'f':
    case 'F':
      return typeof value === 'number'
        ? sign + value.toFixed(Number(how.precision ?? 6))
        : bad(verb, value);
    case 'e':
      return typeof value === 'number'
        ? value.toExponential(Number(how.precision ?? 6)).replace(/e([-+])(\d)$/, 'e$10$2')
        : bad(verb, value);
    case 'x':
    case 'X': {
      const hex =
        typeof value === 'number'
          ? Math.trunc(value).toString(16)
          : Buffer.from(printInner(value)).toString('hex');
      return verb === 'X' ? hex.toUpperCase() : hex;
    }
    case 'o':
    case 'b':
      return typeof value === 'number'
        ? Math.trunc(value).toString(verb === 'o' ? 8 : 2)
        : bad(verb, value);
    case 'c':
      return typeof value === 'number' ? String.fromCodePoint(value) : bad(verb, value);
    case 'q':
      return JSON.stringify(printInner(value));
    case 't':
    case 's':
    case 'v':
    case 'g': {
      const text = printInner(value);
      return verb === 's' && how.precision !== undefined
        ? text.slice(0, Number(how.precision))
        : text;
    }
    default:
      return bad(verb, value);
  }
}

function bad(verb: string, value: unknown): string {
  return `%!${verb}(${printInner(value)})`;
}

function pad(text: string, flags: string, width: number): string {
  if (flags.includes('-')) {
    return text.padEnd(width);
  }
  return flags.includes('0') && /^[-+]?\d/.test(text)
    ? text.replace(
        /^([-+]?)(.*)$/,
        (_all, sign: string, digits: string) => sign + digits.padStart(width - sign.length, '0'),
      )
    : text.padStart(width);
}
