import { plainText } from './print-value.ts';
import type { TemplateFunction } from './signature.ts';
import { ANY, MAPPING, takes, takesMore, TEXT } from './signature.ts';
import { TemplateError } from './template-error.ts';
import { isTrue, typeName } from './value-kinds.ts';
import type { Value } from './values.ts';
import { compareTexts, List, Mapping } from './values.ts';

const merge = takesMore([MAPPING], MAPPING, (into, ...others) =>
  others.reduce((merged, other) => mergedInto(merged, other, 'keep'), into),
);
const mergeOverwrite = takesMore([MAPPING], MAPPING, (into, ...others) =>
  others.reduce((merged, other) => mergedInto(merged, other, 'overwrite'), into),
);
const deepCopy = takes([ANY], (value) => {
  if (value === null) {
    throw new TemplateError('nothing cannot be copied');
  }
  return copied(value);
});

/**
 * sprig's functions on mappings. `set`, `unset` and the two kinds of `merge` change the first one in place, as there; keys
 * and values come sorted by key, where Go leaves the order open.
 */
export const mappingFunctions: Readonly<Record<string, TemplateFunction>> = {
  dict: takesMore([], ANY, (...pairs) => {
    const keys = pairs.filter((_, index) => index % 2 === 0);
    return new Mapping(
      keys.map((key, index) => {
        const value = index * 2 + 1 < pairs.length ? pairs[index * 2 + 1] : '';
        return [plainText(key), value] as const;
      }),
    );
  }),
  get: takes([MAPPING, TEXT], (mapping, key) =>
    mapping.entries.has(key) ? mapping.entries.get(key) : '',
  ),
  set: takes([MAPPING, TEXT, ANY], (mapping, key, value) => {
    changeable(mapping).entries.set(key, value);
    return mapping;
  }),
  unset: takes([MAPPING, TEXT], (mapping, key) => {
    mapping.entries.delete(key);
    return mapping;
  }),
  hasKey: takes([MAPPING, TEXT], (mapping, key) => mapping.entries.has(key)),
  keys: takesMore(
    [],
    MAPPING,
    (...mappings) =>
      new List(
        mappings.flatMap((mapping) => mapping.sorted().map(([key]) => key)),
        'string',
      ),
  ),
  values: takes([MAPPING], (mapping) => new List(mapping.sorted().map(([, value]) => value))),
  pluck: takesMore(
    [TEXT],
    MAPPING,
    (key, ...mappings) =>
      new List(
        mappings.filter(({ entries }) => entries.has(key)).map(({ entries }) => entries.get(key)),
      ),
  ),
  pick: takesMore(
    [MAPPING],
    TEXT,
    ({ entries }, ...keys) => new Mapping([...entries].filter(([key]) => keys.includes(key))),
  ),
  omit: takesMore(
    [MAPPING],
    TEXT,
    ({ entries }, ...keys) => new Mapping([...entries].filter(([key]) => !keys.includes(key))),
  ),
  merge,
  mustMerge: merge,
  mergeOverwrite,
  mustMergeOverwrite: mergeOverwrite,
  deepCopy,
  mustDeepCopy: deepCopy,
  dig: takesMore([ANY, ANY, ANY], ANY, (...values) => dug(values)),
};

function changeable(mapping: Mapping): Mapping {
  if (mapping.isNil) {
    throw new TemplateError('nothing can be put into a mapping that is not there');
  }
  return mapping;
}

/** Fills in what is missing or empty, or overwrites; mappings in both are merged in turn. */
function mergedInto(into: Mapping, from: Mapping, how: 'keep' | 'overwrite'): Mapping {
  const target = into.isNil && !from.isNil ? new Mapping() : into;
  for (const [key, value] of [...from.entries].sort(([a], [b]) => compareTexts(a, b))) {
    const present = target.entries.get(key);
    if (value === null || value === undefined) {
      if (how === 'overwrite') {
        target.entries.set(key, value);
      }
    } else if (present instanceof Mapping && value instanceof Mapping && isTrue(present)) {
      mergedInto(present, value, how);
    } else if (!isTrue(present) || (how === 'overwrite' && isReplaceable(value))) {
      target.entries.set(key, value);
    }
  }
  return target;
}

function isReplaceable(value: Value): boolean {
  return !(value instanceof Mapping);
}

function copied(value: Value): Value {
  if (value instanceof List) {
    return value.isNil ? value : new List(value.items.map(copied), value.of);
  }
  if (value instanceof Mapping) {
    const entries = [...value.entries].map(([key, item]) => [key, copied(item)] as const);
    return new Mapping(entries, value.of);
  }
  return value;
}

/** Keys, what to take when one is missing, and the mapping. */
function dug(values: readonly Value[]): Value {
  const keys = values.slice(0, -2).map(readKey);
  const fallback = values.at(-2);
  let holder = values.at(-1);
  for (const key of keys) {
    if (!(holder instanceof Mapping) || holder.of !== 'interface {}') {
      throw new TemplateError(`a mapping is wanted, not a ${typeName(holder)}`);
    }
    if (!holder.entries.has(key)) {
      return fallback;
    }
    holder = holder.entries.get(key);
  }
  return holder;
}

function readKey(key: Value): string {
  if (typeof key !== 'string') {
    throw new TemplateError(`a key must be a string, not a ${typeName(key)}`);
  }
  return key;
}
