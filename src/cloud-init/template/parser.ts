import { leftOut } from './left-out.ts';
import type { NumberLiteral } from './number-literal.ts';
import type { Call, Operand, ParsedTemplate, Part, Pipeline } from './syntax.ts';
import { TemplateError } from './template-error.ts';
import type { Token } from './tokens.ts';
import { tokenize } from './tokens.ts';

/** Parses a Go text/template; `isFunction` knows the functions, so that a mistyped one is found before anything runs. */
export function parseTemplate(
  source: string,
  isFunction: (name: string) => boolean,
): ParsedTemplate {
  return new Parser(tokenize(source), isFunction).template();
}

type Branching = 'if' | 'with' | 'range';

/** Deeper nesting is a mistake, or an attack on the stack. */
const deepestNesting = 200;

class Parser {
  private readonly tokens: readonly Token[];
  private readonly isFunction: (name: string) => boolean;
  private readonly defined = new Map<string, readonly Part[]>();
  private at = 0;
  private depth = 0;
  private ranges = 0;
  /** Declared so far where the reader stands; the end of a branch forgets its own. */
  private variables: string[] = ['$'];

  constructor(tokens: readonly Token[], isFunction: (name: string) => boolean) {
    this.tokens = tokens;
    this.isFunction = isFunction;
  }

  template(): ParsedTemplate {
    const parts: Part[] = [];
    while (this.at < this.tokens.length) {
      if (this.peek()?.kind === 'open' && this.isWord('define', 1)) {
        this.at += 2;
        this.definition();
      } else {
        parts.push(...this.parts());
        if (this.peek() !== undefined && !this.isWord('define', 1)) {
          throw new TemplateError('an `{{ end }}` or `{{ else }}` too many');
        }
      }
    }
    return { parts, defined: this.defined };
  }

  private peek(ahead = 0): Token | undefined {
    return this.tokens[this.at + ahead];
  }

  private next(): Token {
    const token = this.peek();
    this.at += 1;
    if (token === undefined) {
      throw new TemplateError('the template ends too early, an `{{ end }}` is missing');
    }
    return token;
  }

  private isWord(text: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token?.kind === 'word' && token.text === text;
  }

  private takeWord(text: string): boolean {
    const found = this.isWord(text);
    this.at += found ? 1 : 0;
    return found;
  }

  private isOperator(text: string): boolean {
    const token = this.peek();
    return token?.kind === 'operator' && token.text === text;
  }

  private takeOperator(text: string): boolean {
    const found = this.isOperator(text);
    this.at += found ? 1 : 0;
    return found;
  }

  private close(): void {
    const token = this.next();
    if (token.kind !== 'close') {
      throw new TemplateError(`unexpected ${describe(token)} in an action`);
    }
  }

  /** Parts up to an `end`, `else` or `define`, which stay unread behind their `{{`. */
  private parts(): readonly Part[] {
    const found: Part[] = [];
    for (let token = this.peek(); token !== undefined; token = this.peek()) {
      if (token.kind === 'text') {
        this.at += 1;
        found.push(token);
      } else if (['end', 'else', 'define'].some((word) => this.isWord(word, 1))) {
        break;
      } else {
        this.at += 1;
        found.push(this.action());
      }
    }
    return found;
  }

  private action(): Part {
    for (const kind of ['if', 'with', 'range'] as const) {
      if (this.takeWord(kind)) {
        return this.branch(kind);
      }
    }
    if (this.takeWord('block')) {
      return this.block();
    }
    if (this.takeWord('template')) {
      const name = this.templateName();
      const pipeline = this.peek()?.kind === 'close' ? undefined : this.pipeline('template');
      this.close();
      return { kind: 'template', name, ...(pipeline === undefined ? {} : { pipeline }) };
    }
    for (const kind of ['break', 'continue'] as const) {
      if (this.takeWord(kind)) {
        this.close();
        if (this.ranges === 0) {
          throw new TemplateError(`\`${kind}\` stands outside of any \`range\``);
        }
        return { kind };
      }
    }
    const pipeline = this.pipeline('action');
    this.close();
    return { kind: 'print', pipeline };
  }

  private branch(kind: Branching): Part {
    this.enter();
    const declared = this.variables.length;
    const pipeline = this.pipeline(kind);
    this.close();
    this.ranges += kind === 'range' ? 1 : 0;
    const then = this.parts();
    this.ranges -= kind === 'range' ? 1 : 0;
    const otherwise = this.otherwise(kind);
    this.variables.length = declared;
    this.depth -= 1;
    return { kind, pipeline, then, otherwise };
  }

  /** What stands behind `else`, if there is one, up to and with the `end`. */
  private otherwise(kind: Branching): readonly Part[] {
    if (this.peek() !== undefined && this.isWord('else', 1)) {
      this.at += 2;
      const chained = (['if', 'with'] as const).find((word) => word === kind && this.isWord(word));
      if (chained !== undefined) {
        this.at += 1;
        return [this.branch(chained)];
      }
      this.close();
      const parts = this.parts();
      this.end(kind);
      return parts;
    }
    this.end(kind);
    return [];
  }

  private end(of: string): void {
    if (this.peek() === undefined || !this.isWord('end', 1)) {
      throw new TemplateError(`\`${of}\` has no \`{{ end }}\``);
    }
    this.at += 2;
    this.close();
  }

  private enter(): void {
    this.depth += 1;
    if (this.depth > deepestNesting) {
      throw new TemplateError(`it is nested more than ${deepestNesting} levels deep`);
    }
  }

  private templateName(): string {
    const token = this.next();
    if (token.kind !== 'literal' || typeof token.value !== 'string') {
      throw new TemplateError('a template name must stand in quotes');
    }
    return token.value;
  }

  private definition(): void {
    const name = this.templateName();
    this.close();
    this.define(name, this.body('define'));
  }

  private block(): Part {
    const name = this.templateName();
    const pipeline = this.pipeline('block');
    this.close();
    this.define(name, this.body('block'));
    return { kind: 'template', name, pipeline };
  }

  /** The text of a named template: a world of its own. */
  private body(of: 'define' | 'block'): readonly Part[] {
    this.enter();
    const outer = { variables: this.variables, ranges: this.ranges };
    this.variables = ['$'];
    this.ranges = 0;
    const parts = this.parts();
    this.end(of);
    this.variables = outer.variables;
    this.ranges = outer.ranges;
    this.depth -= 1;
    return parts;
  }

  private define(name: string, parts: readonly Part[]): void {
    const known = this.defined.get(name);
    if (known === undefined || isEmpty(known)) {
      this.defined.set(name, parts);
    } else if (!isEmpty(parts)) {
      throw new TemplateError(`there are two templates "${name}"`);
    }
  }

  private pipeline(where: Branching | 'action' | 'template' | 'block' | 'group'): Pipeline {
    const assigns = this.assignment(where);
    const commands: Call[] = [];
    while (this.peek()?.kind !== 'close' && !this.isOperator(')')) {
      commands.push(this.call());
    }
    if (commands.length === 0) {
      throw new TemplateError('a value is missing');
    }
    const idle = commands.slice(1).find(({ head }) => isConstant(head));
    if (idle !== undefined) {
      throw new TemplateError('a value cannot be called with what is piped into it');
    }
    return { commands, ...(assigns === undefined ? {} : { assigns }) };
  }

  private assignment(where: string): Pipeline['assigns'] {
    const start = this.at;
    const names: string[] = [];
    for (let token = this.peek(); token?.kind === 'variable'; token = this.peek()) {
      this.at += 1;
      names.push(token.text);
      const operator = this.peek();
      if (operator?.kind === 'operator' && /^:?=$/.test(operator.text)) {
        this.at += 1;
        this.variables.push(...names);
        return { variables: names, declares: operator.text === ':=' };
      }
      if (!this.takeOperator(',')) {
        break;
      }
      if (where !== 'range' || names.length > 1) {
        throw new TemplateError('too many variables to the left of the `:=`');
      }
    }
    if (names.length > 1) {
      throw new TemplateError('a `:=` is missing behind the variables');
    }
    this.at = start;
    return undefined;
  }

  private call(): Call {
    const head = this.operand();
    const args: Operand[] = [];
    for (let token = this.peek(); token !== undefined && !isEnd(token); token = this.peek()) {
      if (!token.spaced) {
        throw new TemplateError(`a blank is missing before ${describe(token)}`);
      }
      args.push(this.operand());
    }
    // Go takes a pipe into nothing for none at all.
    this.takeOperator('|');
    return { head, args };
  }

  private operand(): Operand {
    const term = this.term();
    const fields = this.fields();
    if (fields.length === 0) {
      return term;
    }
    switch (term.kind) {
      case 'literal':
        throw new TemplateError('a literal has no fields');
      case 'dot':
        if (term.fields.length === 0) {
          throw new TemplateError('unexpected `.` behind `.`');
        }
        return { ...term, fields: [...term.fields, ...fields] };
      case 'variable':
      case 'group':
        return { ...term, fields: [...term.fields, ...fields] };
      case 'function':
        return { kind: 'group', pipeline: { commands: [{ head: term, args: [] }] }, fields };
    }
  }

  private term(): Operand {
    const token = this.next();
    switch (token.kind) {
      case 'literal':
        return { kind: 'literal', value: token.value };
      case 'field':
        return { kind: 'dot', fields: token.text === '' ? [] : [token.text] };
      case 'variable':
        if (!this.variables.includes(token.text)) {
          throw new TemplateError(`undefined variable \`${token.text}\``);
        }
        return { kind: 'variable', name: token.text, fields: [] };
      case 'word':
        return this.word(token.text);
      case 'operator':
        if (token.text === '(') {
          return this.group();
        }
        break;
      case 'text':
      case 'open':
      case 'close':
        break;
    }
    throw new TemplateError(`a value is missing before ${describe(token)}`);
  }

  private group(): Operand {
    this.enter();
    const pipeline = this.pipeline('group');
    if (!this.takeOperator(')')) {
      throw new TemplateError('a parenthesis is not closed');
    }
    this.depth -= 1;
    return { kind: 'group', pipeline, fields: [] };
  }

  private word(name: string): Operand {
    if (name === 'true' || name === 'false' || name === 'nil') {
      return { kind: 'literal', value: name === 'nil' ? undefined : name === 'true' };
    }
    const reason = leftOut.get(name);
    if (reason !== undefined) {
      throw new TemplateError(`the function \`${name}\` is left out on purpose: ${reason}`);
    }
    if (!this.isFunction(name)) {
      throw new TemplateError(`there is no function \`${name}\``);
    }
    return { kind: 'function', name };
  }

  private fields(): readonly string[] {
    const found: string[] = [];
    for (
      let token = this.peek();
      token?.kind === 'field' && !token.spaced && token.text !== '';
      token = this.peek()
    ) {
      this.at += 1;
      found.push(token.text);
    }
    return found;
  }
}

function isEmpty(parts: readonly Part[]): boolean {
  return parts.every((part) => part.kind === 'text' && part.text.trim() === '');
}

function isConstant(operand: Operand): boolean {
  return operand.kind === 'literal' || (operand.kind === 'dot' && operand.fields.length === 0);
}

function isEnd(token: Token): boolean {
  return (
    token.kind === 'close' ||
    token.kind === 'text' ||
    token.kind === 'open' ||
    (token.kind === 'operator' && (token.text === ')' || token.text === '|'))
  );
}

function describe(token: Token | undefined): string {
  if (token === undefined) {
    return 'the end';
  }
  return token.kind === 'literal' ? describeLiteral(token.value) : `\`${token.text}\``;
}

function describeLiteral(value: string | NumberLiteral): string {
  return typeof value === 'string' ? `"${value}"` : String(value.float);
}
