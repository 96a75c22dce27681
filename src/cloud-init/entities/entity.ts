import { decoder, refuse, signedInteger, text } from '../decode/decoder.ts';
import { object } from '../decode/object.ts';
import type { Reading } from '../decode/reading.ts';
import { newReading } from '../decode/reading.ts';
import { EntryError } from '../parts/entry-error.ts';
import type { YamlNode } from '../yaml/node.ts';
import { parseYaml } from '../yaml/parse.ts';
import { YamlSyntaxError } from '../yaml/syntax-error.ts';

const kind = text;
/** A number of the shadow file as it is to stand there: `-1`, `007` or nothing. */
const days = decoder<string>({ kind: 'text' }, (node, reading, what) => {
  const written = text(node, reading, what);
  return /^-?\d*$/.test(written)
    ? written
    : refuse(reading, { what, wanted: 'a whole number or nothing', node }, '');
});
const changeDay = decoder<string>({ kind: 'text' }, (node, reading, what) =>
  node.kind === 'scalar' && node.text === 'now' ? 'now' : days(node, reading, what),
);
const readUser = object({
  kind,
  username: text,
  password: text,
  uid: signedInteger,
  gid: signedInteger,
  group: text,
  info: text,
  homedir: text,
  shell: text,
});
const readGroup = object({
  kind,
  group_name: text,
  password: text,
  gid: signedInteger,
  users: text,
});
const readShadow = object({
  kind,
  username: text,
  password: text,
  last_changed: changeDay,
  minimum_changed: days,
  maximum_changed: days,
  warn: days,
  inactive: days,
  expire: days,
  reserved: text,
});
const readGshadow = object({
  kind,
  name: text,
  password: text,
  administrators: text,
  members: text,
});

/** One line of an account file, as a document says it. */
export type Entity =
  | { readonly kind: 'user'; readonly user: ReturnType<typeof readUser> }
  | { readonly kind: 'group'; readonly group: ReturnType<typeof readGroup> }
  | { readonly kind: 'shadow'; readonly shadow: ReturnType<typeof readShadow> }
  | { readonly kind: 'gshadow'; readonly gshadow: ReturnType<typeof readGshadow> };

/** Reads an entity document. Throws an `EntryError` for anything that is none. */
export function readEntity(source: string): Entity {
  const reading = newReading();
  const root = rootOf(source);
  const entity = byKind(root, reading);
  const [error] = reading.errors;
  if (error !== undefined) {
    throw new EntryError(`entity: ${error.message}`);
  }
  return entity;
}

function rootOf(source: string): YamlNode {
  try {
    const { root } = parseYaml(source);
    if (root?.kind === 'mapping') {
      return root;
    }
  } catch (error) {
    if (!(error instanceof YamlSyntaxError)) {
      throw error;
    }
    throw new EntryError(`entity: ${error.message}`);
  }
  throw new EntryError('the entity must be a mapping with a `kind`');
}

function byKind(root: YamlNode, reading: Reading): Entity {
  const named =
    root.kind === 'mapping' ? root.entries.find(({ key }) => key === 'kind') : undefined;
  const found = named?.value.kind === 'scalar' ? named.value.text : '';
  switch (found) {
    case 'user':
      return { kind: found, user: readUser(root, reading, 'user') };
    case 'group':
      return { kind: found, group: readGroup(root, reading, 'group') };
    case 'shadow':
      return { kind: found, shadow: readShadow(root, reading, 'shadow') };
    case 'gshadow':
      return { kind: found, gshadow: readGshadow(root, reading, 'gshadow') };
    default:
      throw new EntryError(
        `unknown entity kind \`${found}\`: user, group, shadow and gshadow are known`,
      );
  }
}
