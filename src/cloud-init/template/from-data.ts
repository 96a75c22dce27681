import { TemplateError } from './template-error.ts';
import type { Value } from './values.ts';
import { List, Mapping } from './values.ts';

/** Deeper data is a mistake, or an attack on the stack. */
const deepest = 200;

/** Data as it comes out of JSON, for templates: every number is a `float64`. Anything else that is met is absent. */
export function fromData(data: unknown, depth = 0): Value {
  if (depth > deepest) {
    throw new TemplateError(`data is nested more than ${deepest} levels deep`);
  }
  if (
    data === null ||
    typeof data === 'boolean' ||
    typeof data === 'number' ||
    typeof data === 'string'
  ) {
    return data;
  }
  if (Array.isArray(data)) {
    return new List(data.map((item: unknown) => fromData(item, depth + 1) ?? null));
  }
  if (typeof data === 'object') {
    return new Mapping(
      Object.entries(data)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => [key, fromData(item, depth + 1)] as const),
    );
  }
  return undefined;
}
