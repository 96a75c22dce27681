import { asList, asMapping, asText, isTrue } from './arguments.ts';
import type { TemplateFunction } from './functions.ts';
import { TemplateError } from './template-error.ts';

/** sprig's functions on lists, mappings and values of any kind. Nothing is changed in place, but by `set` and `unset`. */
export const dataFunctions: Readonly<Record<string, TemplateFunction>> = {
  default: (fallback, value) => (isTrue(value) ? value : fallback),
  empty: (value) => !isTrue(value),
  coalesce: (...values) => values.find(isTrue),
  ternary: (yes, no, condition) => (isTrue(condition) ? yes : no),
  all: (...values) => values.every(isTrue),
  any: (...values) => values.some(isTrue),
  fail: (message) => {
    throw new TemplateError(asText(message));
  },
  toString: asText,
  toStrings: (list) => asList(list).map(asText),
  toJson: (value) => JSON.stringify(value ?? null),
  toRawJson: (value) => JSON.stringify(value ?? null),
  toPrettyJson: (value) => JSON.stringify(value ?? null, null, 2),
  fromJson: (text) => {
    try {
      return JSON.parse(asText(text)) as unknown;
    } catch (error) {
      throw new TemplateError(`no JSON: ${error instanceof Error ? error.message : ''}`);
    }
  },
  kindOf: (value) => kindOf(value),
  kindIs: (kind, value) => kindOf(value) === kind,
  typeOf: (value) => kindOf(value),
  list: (...values) => values,
  tuple: (...values) => values,
  first: (list) => asList(list)[0],
  last: (list) => asList(list).at(-1),
  rest: (list) => asList(list).slice(1),
  initial: (list) => asList(list).slice(0, -1),
  append: (list, value) => [...asList(list), value],
  prepend: (list, value) => [value, ...asList(list)],
  concat: (...lists) => lists.flatMap(asList),
  has: (value, list) => asList(list).includes(value),
  without: (list, ...values) => asList(list).filter((item) => !values.includes(item)),
  uniq: (list) => [...new Set(asList(list))],
  reverse: (list) => [...asList(list)].reverse(),
  compact: (list) => asList(list).filter(isTrue),
  dict: (...pairs) => {
    const made: Record<string, unknown> = {};
    for (let at = 0; at < pairs.length; at += 2) {
      made[asText(pairs[at])] = pairs[at + 1] ?? '';
    }
    return made;
  },
  get: (mapping, key) => asMapping(mapping)[asText(key)] ?? '',
  set: (mapping, key, value) => Object.assign(asMapping(mapping), { [asText(key)]: value }),
  unset: (mapping, key) => {
    Reflect.deleteProperty(asMapping(mapping), asText(key));
    return mapping;
  },
  hasKey: (mapping, key) => Object.hasOwn(asMapping(mapping), asText(key)),
  keys: (...mappings) => mappings.flatMap((mapping) => Object.keys(asMapping(mapping))),
  values: (mapping) => Object.values(asMapping(mapping)),
  pick: (mapping, ...keys) => filtered(mapping, (key) => keys.includes(key)),
  omit: (mapping, ...keys) => filtered(mapping, (key) => !keys.includes(key)),
  pluck: (key, ...mappings) =>
    mappings.flatMap((mapping) => {
      const name = asText(key);
      return Object.hasOwn(asMapping(mapping), name) ? [asMapping(mapping)[name]] : [];
    }),
  merge: (...mappings) => Object.assign({}, ...[...mappings].reverse().map(asMapping)) as unknown,
};

function filtered(mapping: unknown, wanted: (key: string) => boolean): unknown {
  return Object.fromEntries(Object.entries(asMapping(mapping)).filter(([key]) => wanted(key)));
}

function kindOf(value: unknown): string {
  if (value === undefined || value === null) {
    return 'invalid';
  }
  if (Array.isArray(value)) {
    return 'slice';
  }
  switch (typeof value) {
    case 'object':
      return 'map';
    case 'boolean':
      return 'bool';
    case 'number':
      return Number.isInteger(value) ? 'int' : 'float64';
    default:
      return typeof value;
  }
}
