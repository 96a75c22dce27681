import { TemplateError } from './template-error.ts';
import type { Value } from './values.ts';

/** The variables of a running template, innermost last; `$` is the data that it was given. */
export class Variables {
  private readonly held: { readonly name: string; value: Value }[];

  constructor(data: Value) {
    this.held = [{ name: '$', value: data }];
  }

  get(name: string): Value {
    return this.find(name).value;
  }

  /** `$x := ...`: hides one of the same name until its own scope ends. */
  declare(name: string, value: Value): void {
    this.held.push({ name, value });
  }

  /** `$x = ...`: changes the innermost one of the name. */
  assign(name: string, value: Value): void {
    this.find(name).value = value;
  }

  /** Runs a part of the template and forgets what it declared. */
  within<T>(act: () => T): T {
    const declared = this.held.length;
    const result = act();
    this.held.length = declared;
    return result;
  }

  private find(name: string): { value: Value } {
    const found = this.held.findLast((variable) => variable.name === name);
    if (found === undefined) {
      throw new TemplateError(`undefined variable \`${name}\``);
    }
    return found;
  }
}
