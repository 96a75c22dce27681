import { Budget } from './budget.ts';
import { mended } from './bytes.ts';
import { callMethod } from './methods.ts';
import { NumberLiteral } from './number-literal.ts';
import { printText } from './print-value.ts';
import type { Argument, TemplateFunction } from './signature.ts';
import type { Operand, ParsedTemplate, Part, Pipeline } from './syntax.ts';
import { TemplateError } from './template-error.ts';
import { isTrue, typeName } from './value-kinds.ts';
import type { Value } from './values.ts';
import { int, Integer, List, Mapping } from './values.ts';
import { Variables } from './variables.ts';

/** Fills a template in. Throws a {@link TemplateError}; nothing of the text may then be used. */
export function evaluate(
  template: ParsedTemplate,
  data: Value,
  functions: ReadonlyMap<string, TemplateFunction>,
): string {
  const run = new Run(template, functions);
  run.parts(template.parts, { dot: data, variables: new Variables(data) });
  return run.printed();
}

interface Scope {
  readonly dot: Value;
  readonly variables: Variables;
}

/** Go allows far more; a template that gets here calls itself without an end. */
const deepestTemplate = 200;

type Left = 'break' | 'continue' | undefined;

/** What stands behind the head of a command: its arguments, and what is piped into it. */
interface Given {
  readonly args: readonly Operand[];
  readonly piped: readonly Value[];
}

const nothing: Given = { args: [], piped: [] };

class Run {
  private readonly template: ParsedTemplate;
  private readonly functions: ReadonlyMap<string, TemplateFunction>;
  private readonly output: string[] = [];
  private readonly budget = new Budget();
  private depth = 0;

  constructor(template: ParsedTemplate, functions: ReadonlyMap<string, TemplateFunction>) {
    this.template = template;
    this.functions = functions;
  }

  printed(): string {
    return this.output.join('');
  }

  parts(parts: readonly Part[], scope: Scope): Left {
    for (const part of parts) {
      this.budget.spend(1);
      const left = this.part(part, scope);
      if (left !== undefined) {
        return left;
      }
    }
    return undefined;
  }

  private part(part: Part, scope: Scope): Left {
    switch (part.kind) {
      case 'text':
        this.print(part.text);
        return undefined;
      case 'print': {
        const value = this.pipeline(part.pipeline, scope);
        if (part.pipeline.assigns === undefined) {
          this.budget.spendOn(value);
          this.print(printText(value));
        }
        return undefined;
      }
      case 'if':
      case 'with':
        return scope.variables.within(() => {
          const value = this.pipeline(part.pipeline, scope);
          if (!isTrue(value)) {
            return this.parts(part.otherwise, scope);
          }
          return this.parts(part.then, part.kind === 'with' ? { ...scope, dot: value } : scope);
        });
      case 'range':
        return scope.variables.within(() => this.range(part, scope));
      case 'template':
        this.named(part, scope);
        return undefined;
      case 'break':
      case 'continue':
        return part.kind;
    }
  }

  private print(text: string): void {
    this.budget.spend(text.length);
    this.output.push(text);
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
    this.parts(parts, { dot, variables: new Variables(dot) });
    this.depth -= 1;
  }

  private range(part: Part & { kind: 'if' | 'with' | 'range' }, scope: Scope): Left {
    const { variables } = scope;
    const items = itemsOf(this.pipeline(part.pipeline, scope));
    const [first, second] = part.pipeline.assigns?.variables ?? [];
    let isEmpty = true;
    for (const [key, value] of items) {
      isEmpty = false;
      this.budget.spend(1);
      if (first !== undefined) {
        variables.assign(first, second === undefined ? value : key);
      }
      if (second !== undefined) {
        variables.assign(second, value);
      }
      if (variables.within(() => this.parts(part.then, { variables, dot: value })) === 'break') {
        break;
      }
    }
    return isEmpty ? this.parts(part.otherwise, scope) : undefined;
  }

  private pipeline(pipeline: Pipeline, scope: Scope): Value {
    let piped: readonly Value[] = [];
    for (const { head, args } of pipeline.commands) {
      // A nil out of a list or mapping is nothing at all from here on.
      piped = [this.operand(head, scope, { args, piped }) ?? undefined];
    }
    const [value] = piped;
    for (const name of pipeline.assigns?.variables ?? []) {
      if (pipeline.assigns?.declares === true) {
        scope.variables.declare(name, value);
      } else {
        scope.variables.assign(name, value);
      }
    }
    return value;
  }

  private operand(operand: Operand, scope: Scope, given: Given): Value {
    switch (operand.kind) {
      case 'literal':
        refuseArguments(given);
        if (operand.value === undefined) {
          throw new TemplateError('`nil` is no command');
        }
        return operand.value instanceof NumberLiteral ? operand.value.ideal : operand.value;
      case 'dot':
        return this.fields(scope.dot, operand.fields, { scope, given });
      case 'variable':
        return this.fields(scope.variables.get(operand.name), operand.fields, { scope, given });
      case 'function':
        return this.apply(operand.name, { scope, given });
      case 'group': {
        if (operand.fields.length === 0) {
          refuseArguments(given);
        }
        const value = this.pipeline(operand.pipeline, scope);
        return this.fields(value, operand.fields, { scope, given });
      }
    }
  }

  /** Fields of fields; only the last one, a method, can take arguments. */
  private fields(
    value: Value,
    names: readonly string[],
    { scope, given }: { readonly scope: Scope; readonly given: Given },
  ): Value {
    if (names.length === 0) {
      refuseArguments(given);
    }
    return names.reduce((holder: Value, name, index) => {
      if (holder === undefined) {
        return undefined;
      }
      const own = index === names.length - 1 ? given : nothing;
      if (holder instanceof Mapping) {
        refuseArguments(own);
        return holder.entries.has(name) ? holder.entries.get(name) : undefined;
      }
      const args = own.args.map((argument) => this.argument(argument, scope));
      return callMethod(holder, name, [...args, ...own.piped]);
    }, value);
  }

  private apply(
    name: string,
    { scope, given }: { readonly scope: Scope; readonly given: Given },
  ): Value {
    const known = this.functions.get(name);
    if (known === undefined) {
      throw new TemplateError(`there is no function \`${name}\``);
    }
    if ((name === 'and' || name === 'or') && given.args.length + given.piped.length > 0) {
      return this.decide(name, { scope, given });
    }
    const args = given.args.map((argument) => this.argument(argument, scope));
    args.push(...given.piped);
    const cost = known.cost ?? { call: 20, letter: 0 };
    this.budget.spend(cost.call);
    for (const argument of args) {
      this.budget.spendOn(argument instanceof NumberLiteral ? undefined : argument);
      this.budget.spend(typeof argument === 'string' ? argument.length * cost.letter : 0);
    }
    const result = called(name, known, args);
    if (typeof result !== 'string') {
      return result;
    }
    this.budget.spendOn(result);
    return mended(result);
  }

  /** `and` and `or` look at no more arguments than they need. */
  private decide(
    name: 'and' | 'or',
    { scope, given }: { readonly scope: Scope; readonly given: Given },
  ): Value {
    let value: Value;
    for (const argument of given.args) {
      const found = this.argument(argument, scope);
      value = found instanceof NumberLiteral ? found.ideal : found;
      if (isTrue(value) === (name === 'or')) {
        return value;
      }
    }
    return given.piped.length > 0 ? given.piped[0] : value;
  }

  private argument(operand: Operand, scope: Scope): Argument {
    return operand.kind === 'literal' ? operand.value : this.operand(operand, scope, nothing);
  }
}

function refuseArguments({ args, piped }: Given): void {
  if (args.length + piped.length > 0) {
    throw new TemplateError('what is no function cannot be called with arguments');
  }
}

/** An error of a function names the function; what the engine cannot hold is an error, too. */
function called(name: string, known: TemplateFunction, args: readonly Argument[]): Value {
  try {
    return known.call(args);
  } catch (error) {
    if (error instanceof TemplateError) {
      throw error.within(name);
    }
    if (error instanceof RangeError) {
      throw new TemplateError(`\`${name}\`: this is more than can be kept (${error.message})`);
    }
    throw error;
  }
}

function* itemsOf(value: Value): Iterable<readonly [Value, Value]> {
  if (value instanceof List) {
    for (const [index, item] of value.items.entries()) {
      yield [int(index), item];
    }
  } else if (value instanceof Mapping) {
    yield* value.sorted();
  } else if (value instanceof Integer) {
    for (let index = 0n; index < value.value; index += 1n) {
      const item = new Integer(index, value.type);
      yield [item, item];
    }
  } else if (value !== undefined && value !== null) {
    throw new TemplateError(`\`range\` cannot go over a ${typeName(value)}`);
  }
}
