import type { Call, Operand, ParsedTemplate, Part, Pipeline } from './syntax.ts';
import { TemplateError } from './template-error.ts';
import type { Token } from './tokens.ts';
import { tokenize } from './tokens.ts';

/** Parses a Go text/template; `isFunction` knows the functions, so that a mistyped one is found before anything runs. */
export function parseTemplate(
  source: string,
  isFunction: (name: string) => boolean,
): ParsedTemplate {
  const tokens = tokenize(source);
  const defined = new Map<string, readonly Part[]>();
  const scopes: Set<string>[] = [new Set(['$'])];
  let at = 0;

  const peek = (): Token | undefined => tokens[at];
  const next = (): Token => {
    const token = tokens[at];
    at += 1;
    if (token === undefined) {
      throw new TemplateError('the template ends too early, an `{{ end }}` is missing');
    }
    return token;
  };
  const isWord = (text: string, ahead = 0): boolean => {
    const token = tokens[at + ahead];
    return token?.kind === 'word' && token.text === text;
  };
  const takeOperator = (text: string): boolean => {
    const token = peek();
    const found = token?.kind === 'operator' && token.text === text;
    at += found ? 1 : 0;
    return found;
  };
  const close = (): void => {
    const token = next();
    if (token.kind !== 'close') {
      throw new TemplateError(`unexpected ${describe(token)} in an action`);
    }
  };

  /** Parts up to `end` or `else`, which stay unread behind their `{{`. */
  const parts = (): readonly Part[] => {
    const found: Part[] = [];
    for (let token = peek(); token !== undefined; token = peek()) {
      if (token.kind === 'text') {
        at += 1;
        found.push(token);
      } else if (isWord('end', 1) || isWord('else', 1)) {
        break;
      } else {
        at += 1;
        found.push(...action());
      }
    }
    return found;
  };

  const action = (): readonly Part[] => {
    for (const kind of ['if', 'with', 'range'] as const) {
      if (isWord(kind)) {
        at += 1;
        return [inScope(() => branch(kind))];
      }
    }
    if (isWord('define') || isWord('block')) {
      return definition();
    }
    if (isWord('template')) {
      at += 1;
      const name = templateName();
      const pipeline = peek()?.kind === 'close' ? undefined : parsePipeline();
      close();
      return [{ kind: 'template', name, ...(pipeline === undefined ? {} : { pipeline }) }];
    }
    for (const kind of ['break', 'continue'] as const) {
      if (isWord(kind)) {
        at += 1;
        close();
        return [{ kind }];
      }
    }
    const pipeline = parsePipeline();
    close();
    return [{ kind: 'print', pipeline }];
  };

  const inScope = <T>(parse: () => T): T => {
    scopes.push(new Set());
    const result = parse();
    scopes.pop();
    return result;
  };

  const branch = (kind: 'if' | 'with' | 'range'): Part => {
    const pipeline = parsePipeline();
    close();
    const then = inScope(parts);
    next();
    if (isWord('end')) {
      at += 1;
      close();
      return { kind, pipeline, then, otherwise: [] };
    }
    if (!isWord('else')) {
      throw new TemplateError(`\`${kind}\` has no \`{{ end }}\``);
    }
    at += 1;
    for (const chained of ['if', 'with'] as const) {
      if (kind !== 'range' && isWord(chained)) {
        at += 1;
        return { kind, pipeline, then, otherwise: [inScope(() => branch(chained))] };
      }
    }
    close();
    const otherwise = inScope(parts);
    end(kind);
    return { kind, pipeline, then, otherwise };
  };

  const end = (of: string): void => {
    if (peek() === undefined || !isWord('end', 1)) {
      throw new TemplateError(`\`${of}\` has no \`{{ end }}\``);
    }
    at += 2;
    close();
  };

  const templateName = (): string => {
    const token = next();
    if (token.kind !== 'literal' || typeof token.value !== 'string') {
      throw new TemplateError('a template name must stand in quotes');
    }
    return token.value;
  };

  const definition = (): readonly Part[] => {
    const isBlock = isWord('block');
    at += 1;
    const name = templateName();
    const pipeline = isBlock ? parsePipeline() : undefined;
    close();
    const outer = scopes.splice(0, scopes.length, new Set(['$']));
    defined.set(name, parts());
    scopes.splice(0, scopes.length, ...outer);
    end(isBlock ? 'block' : 'define');
    return pipeline === undefined ? [] : [{ kind: 'template', name, pipeline }];
  };

  const parsePipeline = (): Pipeline => {
    const assigns = assignment();
    const commands = [call()];
    while (takeOperator('|')) {
      commands.push(call());
    }
    const pipeline = { commands, ...(assigns === undefined ? {} : { assigns }) };
    assigns?.variables.forEach((name) => scopes.at(-1)?.add(name));
    return pipeline;
  };

  const assignment = (): Pipeline['assigns'] => {
    const start = at;
    const variables: string[] = [];
    do {
      const token = peek();
      if (token?.kind !== 'variable') {
        break;
      }
      at += 1;
      variables.push(token.text);
    } while (takeOperator(','));
    if (variables.length > 0 && takeOperator(':=')) {
      return { variables, declares: true };
    }
    if (variables.length > 0 && takeOperator('=')) {
      return { variables, declares: false };
    }
    at = start;
    return undefined;
  };

  const call = (): Call => {
    const head = operand();
    const args: Operand[] = [];
    for (let token = peek(); token !== undefined && startsOperand(token); token = peek()) {
      args.push(operand());
    }
    return { head, args };
  };

  const operand = (): Operand => {
    const token = next();
    switch (token.kind) {
      case 'literal':
        return token;
      case 'field':
        return { kind: 'dot', fields: token.text === '' ? [] : [token.text, ...fields()] };
      case 'variable':
        if (!scopes.some((scope) => scope.has(token.text))) {
          throw new TemplateError(`undefined variable \`${token.text}\``);
        }
        return { kind: 'variable', name: token.text, fields: fields() };
      case 'word':
        return word(token.text);
      case 'operator':
        if (token.text === '(') {
          const pipeline = parsePipeline();
          if (!takeOperator(')')) {
            throw new TemplateError('a parenthesis is not closed');
          }
          return { kind: 'group', pipeline, fields: fields() };
        }
        break;
      case 'text':
      case 'open':
      case 'close':
        break;
    }
    throw new TemplateError(`a value is missing before ${describe(token)}`);
  };

  const word = (name: string): Operand => {
    if (name === 'true' || name === 'false' || name === 'nil') {
      return { kind: 'literal', value: name === 'nil' ? undefined : name === 'true' };
    }
    if (!isFunction(name)) {
      throw new TemplateError(`there is no function \`${name}\``);
    }
    return { kind: 'function', name };
  };

  const fields = (): readonly string[] => {
    const found: string[] = [];
    for (let token = peek(); token?.kind === 'field' && token.glued; token = peek()) {
      at += 1;
      found.push(token.text);
    }
    return found;
  };

  const all = parts();
  if (peek() !== undefined) {
    throw new TemplateError('an `{{ end }}` or `{{ else }}` too many');
  }
  return { parts: all, defined };
}

function startsOperand(token: Token): boolean {
  return (
    token.kind === 'literal' ||
    token.kind === 'field' ||
    token.kind === 'variable' ||
    token.kind === 'word' ||
    (token.kind === 'operator' && token.text === '(')
  );
}

function describe(token: Token): string {
  return token.kind === 'literal' ? String(token.value) : `\`${token.text}\``;
}
