import { wellFormed } from './bytes.ts';
import { fromData } from './from-data.ts';
import type { JsonStyle } from './json-text.ts';
import { jsonText } from './json-text.ts';
import type { TemplateFunction } from './signature.ts';
import { ANY, BOOL, takes, takesMore, TEXT } from './signature.ts';
import { TemplateError } from './template-error.ts';
import { isDeeplyEqual, isTrue, kindName, typeName } from './value-kinds.ts';
import type { Value } from './values.ts';

const plain: JsonStyle = { html: 'escaped', lines: 'one' };
const pretty: JsonStyle = { html: 'escaped', lines: 'indented' };
const raw: JsonStyle = { html: 'kept', lines: 'one' };

const toRawJson = takes([ANY], (value) => jsonText(value, raw));

/** sprig's functions on values of any kind: defaults, kinds and JSON. */
export const valueFunctions: Readonly<Record<string, TemplateFunction>> = {
  default: takesMore([ANY], ANY, (fallback, value) => (isTrue(value) ? value : fallback)),
  empty: takes([ANY], (value) => !isTrue(value)),
  coalesce: takesMore([], ANY, (...values) => values.find(isTrue) ?? null),
  all: takesMore([], ANY, (...values) => values.every(isTrue)),
  any: takesMore([], ANY, (...values) => values.some(isTrue)),
  ternary: takes([ANY, ANY, BOOL], (yes, no, condition) => (condition ? yes : no)),
  kindOf: takes([ANY], kindName),
  kindIs: takes([TEXT, ANY], (kind, value) => kindName(value) === kind),
  typeOf: takes([ANY], typeName),
  typeIs: takes([TEXT, ANY], (type, value) => typeName(value) === type),
  typeIsLike: takes([TEXT, ANY], (type, value) => {
    const name = typeName(value);
    return name === type || name === `*${type}`;
  }),
  deepEqual: takes([ANY, ANY], isDeeplyEqual),
  toJson: takes([ANY], (value) => orEmpty(() => jsonText(value, plain))),
  mustToJson: takes([ANY], (value) => jsonText(value, plain)),
  toPrettyJson: takes([ANY], (value) => orEmpty(() => jsonText(value, pretty))),
  mustToPrettyJson: takes([ANY], (value) => jsonText(value, pretty)),
  toRawJson,
  mustToRawJson: toRawJson,
  fromJson: takes([TEXT], (text) => {
    const read = readJson(text);
    return read === undefined ? null : read.value;
  }),
  mustFromJson: takes([TEXT], (text) => {
    const read = readJson(text);
    if (read === undefined) {
      throw new TemplateError('the text is no JSON');
    }
    return read.value;
  }),
};

/** sprig drops the error. */
function orEmpty(write: () => string): string {
  try {
    return write();
  } catch (error) {
    if (error instanceof TemplateError) {
      return '';
    }
    throw error;
  }
}

function readJson(text: string): { readonly value: Value } | undefined {
  try {
    const sound = (_key: string, item: unknown): unknown =>
      typeof item === 'string' ? wellFormed(item) : item;
    return { value: fromData(JSON.parse(wellFormed(text), sound) as unknown) };
  } catch (error) {
    if (error instanceof SyntaxError) {
      return undefined;
    }
    throw error;
  }
}
