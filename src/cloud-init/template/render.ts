import { evaluate } from './evaluate.ts';
import { templateFunctions } from './functions.ts';
import { parseTemplate } from './parser.ts';

/**
 * Fills in a Go template with the data under its top-level names (`.Values`). Throws a `TemplateError` for anything that
 * is wrong; the unexpanded text must then not be used.
 */
export function renderTemplate(
  source: string,
  data: Readonly<Record<string, unknown>>,
  random: (bytes: number) => Uint8Array,
): string {
  if (!source.includes('{{')) {
    return source;
  }
  const functions = templateFunctions(random);
  const template = parseTemplate(source, (name) => functions.has(name));
  return evaluate(template, data, functions);
}
