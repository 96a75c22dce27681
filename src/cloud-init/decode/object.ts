import type { MappingEntry, Position, YamlNode } from '../yaml/node.ts';
import { isNull } from '../yaml/node.ts';
import type { Decoder } from './decoder.ts';
import { decoder, refuse } from './decoder.ts';
import { closestWord } from './closest-word.ts';
import type { CodedProblem, Reading } from './reading.ts';
import type { ObjectShape, Otherwise } from './shape.ts';

type Fields = Readonly<Record<string, Decoder<unknown>>>;

/** The decoded fields, each absent when the document does not name it, and where the mapping stands. */
export type Decoded<F extends Fields> = {
  readonly [K in keyof F]: ReturnType<F[K]> | undefined;
} & { readonly at: Position };

/**
 * A mapping with known keys. A key that nobody knows has no effect, as in the reference, but is told: it is a typo, or
 * belongs to a newer dialect. `aliases` are further spellings of a field; what an entry `needs` is looked at when it runs.
 */
export function object<F extends Fields>(
  fields: F,
  more: {
    readonly aliases?: Readonly<Record<string, keyof F & string>>;
    readonly needs?: readonly (keyof F & string)[];
    readonly otherwise?: Otherwise;
  } = {},
): Decoder<Decoded<F>> {
  const { aliases = {}, needs = [], otherwise = 'fails' } = more;
  const shapes = Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, field.shape]),
  );
  const shape: ObjectShape = { kind: 'object', fields: shapes, aliases, needs, otherwise };
  return decoder(shape, (node, reading, what) => {
    const found: Record<string, unknown> = { at: node.at };
    for (const name of Object.keys(fields)) {
      found[name] = undefined;
    }
    if (node.kind === 'mapping') {
      readEntries(node, { fields, aliases, found, reading, what });
    } else if (!isNull(node)) {
      refuse(reading, { what, wanted: 'a mapping', node }, undefined);
    }
    return found as Decoded<F>;
  });
}

interface Into {
  readonly fields: Fields;
  readonly aliases: Readonly<Record<string, string>>;
  readonly found: Record<string, unknown>;
  readonly reading: Reading;
  readonly what: string;
}

function readEntries(node: YamlNode & { readonly kind: 'mapping' }, into: Into): void {
  for (const entry of node.entries) {
    const name = Object.hasOwn(into.aliases, entry.key) ? into.aliases[entry.key] : entry.key;
    const decode =
      name !== undefined && Object.hasOwn(into.fields, name) ? into.fields[name] : undefined;
    if (name === undefined || decode === undefined) {
      into.reading.warnings.push(unknownKey(entry, into));
      continue;
    }
    into.found[name] = decode(entry.value, into.reading, `${into.what}.${entry.key}`);
  }
}

function unknownKey({ key, at }: MappingEntry, { fields, aliases, what }: Into): CodedProblem {
  const known = [...Object.keys(fields), ...Object.keys(aliases)];
  return { ...unknownWord(key, known, `in ${what}`), at };
}

/** A key that has no effect, and the one that was probably meant. */
export function unknownWord(key: string, known: readonly string[], where: string): CodedProblem {
  const meant = closestWord(key, known);
  const hint = meant === undefined ? '' : `, did you mean \`${meant}\`?`;
  return {
    code: 'unknown-key',
    message: `unknown key \`${key}\` ${where} has no effect${hint}`,
    expected: meant ?? `one of ${known.join(', ')}`,
  };
}
