import { NumberLiteral } from './number-literal.ts';
import { TemplateError } from './template-error.ts';
import { typeName } from './value-kinds.ts';
import type { Value } from './values.ts';
import { Instant, Integer, Mapping } from './values.ts';

/** What is given for a parameter: a value, or a number as it is written, which fits several kinds. */
export type Argument = Value | NumberLiteral;

/** The kind of a parameter. Reading an argument that does not fit throws a {@link TemplateError}. */
export interface Kind<T> {
  /** Go's name of the type. */
  readonly name: string;
  read(argument: Argument): T;
}

/** A function of templates with its signature; arguments are checked against it in `call` alone. */
export interface TemplateFunction {
  readonly parameters: readonly Kind<unknown>[];
  /** The kind of any number of further arguments. */
  readonly rest?: Kind<unknown>;
  /** What a call costs of the template's budget, when it is more than usual. */
  readonly cost?: Cost;
  /** Throws a {@link TemplateError} when number or kinds of the arguments are wrong. */
  call(args: readonly Argument[]): Value;
}

export interface Cost {
  readonly call: number;
  readonly letter: number;
}

type Read<K extends readonly Kind<unknown>[]> = {
  [I in keyof K]: K[I] extends Kind<infer T> ? T : never;
};

/** Declares a function of exactly these parameters. */
export function takes<const K extends readonly Kind<unknown>[]>(
  parameters: K,
  run: (...values: Read<K>) => Value,
): TemplateFunction {
  return {
    parameters,
    call(args) {
      if (args.length !== parameters.length) {
        throw wrongNumber(`${parameters.length}`, args.length);
      }
      // Reading is what gives the values their types; the compiler cannot follow it through a map.
      return run(...(parameters.map((kind, index) => kind.read(args[index])) as Read<K>));
    },
  };
}

/** Declares a function of these parameters and any number of further ones of one kind. */
export function takesMore<const K extends readonly Kind<unknown>[], R>(
  parameters: K,
  rest: Kind<R>,
  run: (...values: [...Read<K>, ...R[]]) => Value,
): TemplateFunction {
  return {
    parameters,
    rest,
    call(args) {
      if (args.length < parameters.length) {
        throw wrongNumber(`at least ${parameters.length}`, args.length);
      }
      const fixed = parameters.map((kind, index) => kind.read(args[index])) as Read<K>;
      const more = args.slice(parameters.length).map((argument) => rest.read(argument));
      return run(...([...fixed, ...more] as [...Read<K>, ...R[]]));
    },
  };
}

function wrongNumber(wanted: string, given: number): TemplateError {
  return new TemplateError(`${wanted} arguments are wanted, ${String(given)} given`);
}

/** Go's `string`. */
export const TEXT: Kind<string> = {
  name: 'string',
  read: (argument) => (typeof argument === 'string' ? argument : misfit('string', argument)),
};

/** Go's `int`, as a number; beyond 2^53 it is not exact, which no function with such a parameter needs. */
export const INT: Kind<number> = { name: 'int', read: (argument) => Number(readInt(argument)) };

function readInt(argument: Argument): bigint {
  if (argument instanceof NumberLiteral) {
    return argument.whole ?? misfit('int', argument);
  }
  return argument instanceof Integer && argument.type === 'int'
    ? argument.value
    : misfit('int', argument);
}

/** Go's `uint32`; no value has it, so that only a written number fits. */
export const UINT32: Kind<number> = {
  name: 'uint32',
  read(argument) {
    const whole = argument instanceof NumberLiteral ? argument.whole : undefined;
    return whole !== undefined && BigInt.asUintN(32, whole) === whole
      ? Number(whole)
      : misfit('uint32', argument);
  },
};

/** Go's `float64`. */
export const FLOAT: Kind<number> = {
  name: 'float64',
  read(argument) {
    if (argument instanceof NumberLiteral) {
      return argument.float;
    }
    return typeof argument === 'number' ? argument : misfit('float64', argument);
  },
};

/** Go's `bool`. */
export const BOOL: Kind<boolean> = {
  name: 'bool',
  read: (argument) => (typeof argument === 'boolean' ? argument : misfit('bool', argument)),
};

/** Go's `interface{}`: anything, nothing too. */
export const ANY: Kind<Value> = {
  name: 'interface {}',
  read: (argument) => (argument instanceof NumberLiteral ? argument.ideal : (argument ?? null)),
};

/** Go's `map[string]interface{}`; what is not there is an empty map that cannot be changed. */
export const MAPPING: Kind<Mapping> = {
  name: 'map[string]interface {}',
  read(argument) {
    if (argument === undefined) {
      return Mapping.nil();
    }
    return argument instanceof Mapping && argument.of === 'interface {}'
      ? argument
      : misfit('map[string]interface {}', argument);
  },
};

/** Go's `time.Time`. */
export const TIME: Kind<Instant> = {
  name: 'time.Time',
  read: (argument) => (argument instanceof Instant ? argument : misfit('time.Time', argument)),
};

function misfit(wanted: string, argument: Argument): never {
  const given =
    argument instanceof NumberLiteral ? String(argument.float) : `a ${typeName(argument)}`;
  throw new TemplateError(
    argument === undefined
      ? `a ${wanted} is wanted, the value is not there`
      : `a ${wanted} is wanted, not ${given}`,
  );
}

/**
 * Declares that calls cost more than usual, so that a template cannot make as many of them: so much for each, and so much
 * for each letter that is given.
 */
export function costing(
  cost: Cost,
  functions: Readonly<Record<string, TemplateFunction>>,
): Readonly<Record<string, TemplateFunction>> {
  return Object.fromEntries(
    Object.entries(functions).map(([name, declared]) => [name, { ...declared, cost }]),
  );
}
