import type { Functions } from './functions.ts';
import { isTrue } from './functions.ts';
import { printValue } from './printing.ts';
import type { Call, Operand, ParsedTemplate, Part, Pipeline } from './syntax.ts';
import { TemplateError } from './template-error.ts';

/** Fills a template in. Throws a {@link TemplateError}; nothing of the text may then be used. */
export function evaluate(template: ParsedTemplate, data: unknown, functions: Functions): string {
  const run = new Run(template, functions);
  run.parts(template.parts, { dot: data, variables: [new Map([['$', data]])] });
  return run.printed();
}

interface Scope {
  readonly dot: unknown;
  readonly variables: readonly Map<string, unknown>[];
}

/** A template is short; one that does not end is a mistake. */
const mostSteps = 1_000_000;
const deepestTemplate = 100;

class Run {
  private readonly template: ParsedTemplate;
  private readonly functions: Functions;
  private readonly output: string[] = [];
  private steps = 0;
  private depth = 0;

  constructor(template: ParsedTemplate, functions: Functions) {
    this.template = template;
    this.functions = functions;
  }

  printed(): string {
    return this.output.join('');
  }

  parts(parts: readonly Part[], scope: Scope): 'break' | 'continue' | undefined {
    for (const part of parts) {
      this.steps += 1;
      if (this.steps > mostSteps) {
        throw new TemplateError('it does not come to an end');
      }
      const left = this.part(part, scope);
      if (left !== undefined) {
        return left;
      }
    }
    return undefined;
  }

  private part(part: Part, scope: Scope): 'break' | 'continue' | undefined {
    switch (part.kind) {
      case 'text':
        this.output.push(part.text);
        return undefined;
      case 'print': {
        const value = this.pipeline(part.pipeline, scope);
        if (part.pipeline.assigns === undefined) {
          this.output.push(printValue(value));
        }
        return undefined;
      }
      case 'if':
      case 'with': {
        const inner = nested(scope);
        const value = this.pipeline(part.pipeline, inner);
        if (!isTrue(value)) {
          return this.parts(part.otherwise, inner);
        }
        return this.parts(part.then, part.kind === 'with' ? { ...inner, dot: value } : inner);
      }
      case 'range':
        return this.range(part, scope);
      case 'template':
        this.named(part, scope);
        return undefined;
      case 'break':
      case 'continue':
        return part.kind;
    }
  }

  private named(part: Part & { kind: 'template' }, scope: Scope): void {
    const parts = this.template.defined.get(part.name);
    if (parts === undefined) {
      throw new TemplateError(`there is no template "${part.name}"`);
    }
    this.depth += 1;
    if (this.depth > deepestTemplate) {
      throw new TemplateError(`the template "${part.name}" calls itself without an end`);
    }
    const dot = part.pipeline === undefined ? undefined : this.pipeline(part.pipeline, scope);
    this.parts(parts, { dot, variables: [new Map([['$', dot]])] });
    this.depth -= 1;
  }

  private range(
    part: Part & { kind: 'if' | 'with' | 'range' },
    scope: Scope,
  ): 'break' | 'continue' | undefined {
    const { assigns, commands } = part.pipeline;
    const items = itemsOf(this.pipeline({ commands }, scope));
    if (items.length === 0) {
      return this.parts(part.otherwise, nested(scope));
    }
    for (const [key, value] of items) {
      const inner = nested({ ...scope, dot: value });
      const [first, second] = assigns?.variables ?? [];
      if (first !== undefined) {
        inner.variables.at(-1)?.set(first, second === undefined ? value : key);
      }
      if (second !== undefined) {
        inner.variables.at(-1)?.set(second, value);
      }
      if (this.parts(part.then, inner) === 'break') {
        break;
      }
    }
    return undefined;
  }

  private pipeline(pipeline: Pipeline, scope: Scope): unknown {
    let value: unknown;
    pipeline.commands.forEach((command, index) => {
      value = this.call(command, scope, index === 0 ? [] : [value]);
    });
    for (const name of pipeline.assigns?.variables ?? []) {
      const declares = pipeline.assigns?.declares === true;
      const holder = declares
        ? scope.variables.at(-1)
        : scope.variables.findLast((variables) => variables.has(name));
      if (holder === undefined) {
        throw new TemplateError(`undefined variable \`${name}\``);
      }
      holder.set(name, value);
    }
    return value;
  }

  private call(call: Call, scope: Scope, piped: readonly unknown[]): unknown {
    if (call.head.kind === 'function') {
      return this.apply(call.head.name, call.args, { scope, piped });
    }
    if (call.args.length > 0 || piped.length > 0) {
      throw new TemplateError('a value cannot be called with arguments');
    }
    return this.operand(call.head, scope);
  }

  private apply(
    name: string,
    args: readonly Operand[],
    given: { readonly scope: Scope; readonly piped: readonly unknown[] },
  ): unknown {
    const lazy = name === 'and' || name === 'or';
    if (lazy && args.length + given.piped.length > 0) {
      let value: unknown;
      for (const argument of args) {
        value = this.operand(argument, given.scope);
        if (isTrue(value) === (name === 'or')) {
          return value;
        }
      }
      return given.piped.length > 0 ? given.piped[0] : value;
    }
    const known = this.functions.get(name);
    if (known === undefined) {
      throw new TemplateError(`there is no function \`${name}\``);
    }
    const values = [...args.map((argument) => this.operand(argument, given.scope)), ...given.piped];
    return known(...values);
  }

  private operand(operand: Operand, scope: Scope): unknown {
    switch (operand.kind) {
      case 'literal':
        return operand.value;
      case 'dot':
        return field(scope.dot, operand.fields);
      case 'variable': {
        const holder = scope.variables.findLast((variables) => variables.has(operand.name));
        return field(holder?.get(operand.name), operand.fields);
      }
      case 'function':
        return this.apply(operand.name, [], { scope, piped: [] });
      case 'group':
        return field(this.pipeline(operand.pipeline, nested(scope)), operand.fields);
    }
  }
}

function nested(scope: Scope): Scope {
  return { dot: scope.dot, variables: [...scope.variables, new Map()] };
}

/** A field of a mapping; below something absent everything is absent, below anything else it is an error. */
function field(value: unknown, fields: readonly string[]): unknown {
  return fields.reduce((holder: unknown, name) => {
    if (holder === undefined || holder === null) {
      return undefined;
    }
    if (typeof holder !== 'object' || Array.isArray(holder)) {
      throw new TemplateError(`there is no field \`${name}\` in \`${printValue(holder)}\``);
    }
    return Object.hasOwn(holder, name)
      ? (holder as Readonly<Record<string, unknown>>)[name]
      : undefined;
  }, value);
}

function itemsOf(value: unknown): readonly (readonly [unknown, unknown])[] {
  if (value === undefined || value === null) {
    return [];
  }
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) => [index, item] as const);
  }
  if (typeof value === 'number') {
    return Array.from(
      { length: Math.min(value, mostSteps) },
      (_, index) => [index, index] as const,
    );
  }
  if (typeof value === 'object') {
    return Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  }
  throw new TemplateError(`\`range\` cannot go over \`${printValue(value)}\``);
}
