import { evaluate } from './evaluate.ts';
import { fromData } from './from-data.ts';
import { templateFunctions } from './functions.ts';
import { parseTemplate } from './parser.ts';
import type { Value } from './values.ts';
import { Mapping } from './values.ts';

/** What templates get from the machine besides their data. */
export interface RenderInputs {
  /** So many bytes that nobody can guess. */
  random(bytes: number): Uint8Array;
  /** Milliseconds since 1970 UTC. */
  now(): number;
}

/**
 * Fills in a Go template with the data under its top-level names (`.Values`). Dates are shown in the time zone that
 * `.Values.node.timezone` names, in UTC when it names none. Throws a `TemplateError` for anything that is wrong; the
 * unexpanded text must then not be used.
 */
export function renderTemplate(
  source: string,
  data: Readonly<Record<string, unknown>>,
  inputs: RenderInputs,
): string {
  if (!source.includes('{{')) {
    return source;
  }
  const values = fromData(data);
  const functions = templateFunctions({
    random: (bytes) => inputs.random(bytes),
    now: () => inputs.now(),
    timeZone: timeZoneOf(values),
  });
  const template = parseTemplate(source, (name) => functions.has(name));
  return evaluate(template, values, functions);
}

function timeZoneOf(data: Value): string {
  const zone = ['Values', 'node', 'timezone'].reduce(
    (holder: Value, name) => (holder instanceof Mapping ? holder.entries.get(name) : undefined),
    data,
  );
  return typeof zone === 'string' ? zone : 'UTC';
}
