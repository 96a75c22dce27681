import type { TemplateFunction } from './signature.ts';
import { ANY, INT, takes, takesMore } from './signature.ts';
import { TemplateError } from './template-error.ts';
import { toWhole } from './casts.ts';
import { identityOf, isDeeplyEqual, isTrue, typeName } from './value-kinds.ts';
import type { Value } from './values.ts';
import { List } from './values.ts';

const list = takesMore([], ANY, (...values) => new List(values));
const append = takes([ANY, ANY], (to, value) => new List([...itemsOf(to), value]));
const prepend = takes([ANY, ANY], (to, value) => new List([value, ...itemsOf(to)]));
const first = takes([ANY], (of) => itemsOf(of)[0] ?? null);
const last = takes([ANY], (of) => itemsOf(of).at(-1) ?? null);
const rest = takes([ANY], (of) => without(itemsOf(of), (items) => items.slice(1)));
const initial = takes([ANY], (of) => without(itemsOf(of), (items) => items.slice(0, -1)));
const reverse = takes([ANY], (of) => new List([...itemsOf(of)].reverse()));
const uniq = takes([ANY], (of) => new List(distinct(itemsOf(of))));
const compact = takes([ANY], (of) => new List(itemsOf(of).filter(isTrue)));
const omit = takesMore(
  [ANY],
  ANY,
  (of, ...unwanted) =>
    new List(itemsOf(of).filter((item) => !unwanted.some((other) => isDeeplyEqual(item, other)))),
);
const has = takes([ANY, ANY], (value, of) =>
  of === null ? false : itemsOf(of).some((item) => isDeeplyEqual(value, item)),
);
const slice = takesMore([ANY], ANY, (of, ...bounds) => sliced(of, bounds));
const chunk = takes([INT, ANY], (size, of) => chunked(size, itemsOf(of)));

/** sprig's functions on lists; none changes the list that it is given. The `must` forms fail in the same cases. */
export const listFunctions: Readonly<Record<string, TemplateFunction>> = {
  list,
  tuple: list,
  append,
  push: append,
  mustAppend: append,
  mustPush: append,
  prepend,
  mustPrepend: prepend,
  first,
  mustFirst: first,
  last,
  mustLast: last,
  rest,
  mustRest: rest,
  initial,
  mustInitial: initial,
  reverse,
  mustReverse: reverse,
  uniq,
  mustUniq: uniq,
  compact,
  mustCompact: compact,
  without: omit,
  mustWithout: omit,
  has,
  mustHas: has,
  slice,
  mustSlice: slice,
  chunk,
  mustChunk: chunk,
  concat: takesMore([], ANY, (...lists) => {
    const items = lists.flatMap(itemsOf);
    return items.length === 0 ? List.nil() : new List(items);
  }),
};

function itemsOf(value: Value): readonly Value[] {
  if (value instanceof List) {
    return value.items;
  }
  throw new TemplateError(`a list is wanted, not a ${typeName(value)}`);
}

/** Of an empty list there is no rest. */
function without(
  items: readonly Value[],
  take: (items: readonly Value[]) => readonly Value[],
): List {
  return items.length === 0 ? List.nil() : new List(take(items));
}

/** By keys, so that long lists take no time. */
function distinct(items: readonly Value[]): readonly Value[] {
  const known = new Set<string>();
  return items.filter((item) => {
    const key = identityOf(item);
    // A number that is none equals nothing, not even itself.
    const isNew = Number.isNaN(item) || !known.has(key);
    known.add(key);
    return isNew;
  });
}

function sliced(value: Value, bounds: readonly Value[]): Value {
  const items = itemsOf(value);
  if (items.length === 0) {
    return null;
  }
  const [from, to] = bounds;
  const start = from === undefined ? 0 : Number(toWhole(from));
  const end = to === undefined ? items.length : Number(toWhole(to));
  if (start < 0 || end > items.length || start > end) {
    throw new TemplateError(`a list of ${items.length} has no part ${start} to ${end}`);
  }
  return new List(items.slice(start, end), value instanceof List ? value.of : 'interface {}');
}

function chunked(size: number, items: readonly Value[]): List {
  const count = Math.floor((items.length - 1) / size) + 1;
  if (count !== 0 && size <= 0) {
    throw new TemplateError(`a chunk cannot have ${size} items`);
  }
  return new List(
    Array.from(
      { length: count },
      (_, index) => new List(items.slice(index * size, (index + 1) * size)),
    ),
    '[]interface {}',
  );
}
