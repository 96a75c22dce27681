import { templateFunctions } from '../template/functions.ts';
import { parseTemplate } from '../template/parser.ts';
import type { Call, Operand, Part, Pipeline } from '../template/syntax.ts';
import { TemplateError } from '../template/template-error.ts';
import type { Position } from '../yaml/node.ts';
import type { Finding } from './finding.ts';

const functions = templateFunctions({
  random: (bytes) => new Uint8Array(bytes),
  now: () => 0,
  timeZone: 'UTC',
});

/** Templates that do not parse, and fields that no template of this place has: a text that was meant for another program. */
export function templateFindings(
  { text, at }: { readonly text: string; readonly at: Position },
  data: readonly string[],
): readonly Finding[] {
  if (!text.includes('{{')) {
    return [];
  }
  try {
    const template = parseTemplate(text, (name) => functions.has(name));
    const unknown = rootFields(template.parts).filter((field) => !data.includes(field));
    return [...new Set(unknown)].map((field) => ({
      severity: 'warning',
      code: 'template-data',
      message: `\`.${field}\` has no value here; braces for another program are written \`{{ "{{" }}\``,
      expected: data.map((name) => `.${name}`).join(', '),
      at,
    }));
  } catch (error) {
    if (!(error instanceof TemplateError)) {
      throw error;
    }
    const expected = 'a Go template; literal braces are written `{{ "{{" }}`';
    return [{ severity: 'error', code: 'template', message: error.message, expected, at }];
  }
}

/** The first fields that are looked up in the data itself; inside `with` and `range` the dot is something else. */
function rootFields(parts: readonly Part[]): readonly string[] {
  return parts.flatMap((part): readonly string[] => {
    switch (part.kind) {
      case 'print':
        return fieldsOf(part.pipeline);
      case 'if':
        return [
          ...fieldsOf(part.pipeline),
          ...rootFields(part.then),
          ...rootFields(part.otherwise),
        ];
      case 'with':
      case 'range':
        return [...fieldsOf(part.pipeline), ...rootFields(part.otherwise)];
      case 'template':
        return part.pipeline === undefined ? [] : fieldsOf(part.pipeline);
      case 'text':
      case 'break':
      case 'continue':
        return [];
    }
  });
}

function fieldsOf({ commands }: Pipeline): readonly string[] {
  return commands.flatMap(({ head, args }: Call) => [head, ...args].flatMap(fieldOf));
}

function fieldOf(operand: Operand): readonly string[] {
  switch (operand.kind) {
    case 'dot':
      return operand.fields.slice(0, 1);
    case 'group':
      return fieldsOf(operand.pipeline);
    case 'literal':
    case 'variable':
    case 'function':
      return [];
  }
}
