import type { PlacedText } from './decode/decoder.ts';
import {
  byteText,
  decoder,
  flag,
  holding,
  list,
  placedText,
  refuse,
  says,
  text,
} from './decode/decoder.ts';
import { object } from './decode/object.ts';
import type { Reading } from './decode/reading.ts';
import type { Shape } from './decode/shape.ts';
import type { Command, FileEntry, Step, UserEntry } from './step.ts';
import { contentEncoding, readStep, readUser } from './step.ts';
import type { Position, YamlNode } from './yaml/node.ts';
import { isNull } from './yaml/node.ts';

/** A text whose first line that is no comment and not blank, of the first nine, is `#cloud-config`. */
export function isCloudConfig(source: string): boolean {
  for (const line of source
    .replace(/^\uFEFF/, '')
    .split('\n')
    .slice(0, 9)) {
    if (line.trimEnd() === '#cloud-config') {
      return true;
    }
    if (line.trim() !== '' && !line.startsWith('#')) {
      return false;
    }
  }
  return false;
}

/** The steps that a `#cloud-config` document asks for in one stage. */
export function readCloudConfig(root: YamlNode, stage: string, reading: Reading): readonly Step[] {
  const config = readConfig(root, reading, 'cloud-config');
  const users = (config.users ?? []).filter((user) => user !== undefined);
  switch (stage) {
    case 'boot':
      return bootSteps(config, users);
    case 'initramfs':
      return config.hostname === undefined || config.hostname.text === ''
        ? []
        : [{ ...emptyStep(config.at), hostname: config.hostname }];
    case 'network':
      return keySteps(config.at, keysOf(config, users, isRemoteKey));
    default:
      return [];
  }
}

/** Read with the stages of ordinary documents, or not at all. */
const anything = decoder<undefined>({ kind: 'anything' }, () => undefined);

/** cloud-init's mode is octal text: `"0644"`, `"644"`, `0644`. */
const octalMode = decoder<number | undefined>({ kind: 'octal-mode' }, (node, reading, what) => {
  if (isNull(node)) {
    return undefined;
  }
  return node.kind === 'scalar' && /^(?:0o?)?[0-7]{1,4}$/.test(node.text)
    ? Number.parseInt(node.text.replace(/^0o/, ''), 8)
    : refuse<number | undefined>(
        reading,
        { what, wanted: 'an octal mode such as "0644"', node },
        undefined,
      );
});

const readWriteFile = object(
  {
    path: says('absolute', holding({ what: 'path' }, text)),
    content: says(
      'text, or what `encoding` says; then filled in',
      holding({ what: 'content' }, byteText),
    ),
    encoding: says('as in `files`', holding(contentEncoding, text)),
    owner: says('`user` or `user:group`', text),
    permissions: says('octal text: `"0644"`', octalMode),
    append: says('adds to the file instead of replacing it', flag, 'only here'),
  },
  { needs: ['path'] },
);

const writeFile = decoder<FileEntry>(readWriteFile.shape, (node, reading, what) => {
  const found = readWriteFile(node, reading, what);
  const { owner, ...rest } = found;
  return {
    ...rest,
    permissions: found.permissions ?? 0o644,
    ownerstring: owner,
    owner: undefined,
    group: undefined,
  };
});

const commaList = decoder<readonly string[]>(
  { kind: 'either', of: [text.shape, list(text).shape] },
  (node, reading, what) =>
    node.kind === 'scalar'
      ? text(node, reading, what)
          .split(',')
          .map((word) => word.trim())
          .filter((word) => word !== '')
      : list(text)(node, reading, what),
);

/** The reference reads these of a user, too, and does nothing with them. */
const importedKeys = ['github', 'gitlab', 'url'].map((name) => `coreos_ssh_import_${name}`);

const cloudUser = decoder<UserEntry>(cloudUserShape(), (node, reading, what) => {
  const groupNode =
    node.kind === 'mapping' ? node.entries.find((entry) => entry.key === 'groups') : undefined;
  const rest =
    node.kind === 'mapping'
      ? { ...node, entries: node.entries.filter(({ key }) => !isReadElsewhere(key)) }
      : node;
  const user = readUser(rest, reading, what);
  return groupNode === undefined
    ? user
    : { ...user, groups: commaList(groupNode.value, reading, `${what}.groups`) };
});

function isReadElsewhere(key: string): boolean {
  return key === 'groups' || key.startsWith('coreos_ssh_import_');
}

function cloudUserShape(): Shape {
  const { shape } = readUser;
  if (shape.kind !== 'object') {
    return shape;
  }
  const imported = importedKeys.map((key) => [key, anything.shape] as const);
  const fields = {
    ...shape.fields,
    name: { ...text.shape, says: 'the login name' },
    groups: { ...commaList.shape, says: 'a list, or a text with commas' },
    ...Object.fromEntries(imported),
  };
  return { ...shape, fields };
}

/** A user entry; the word `default` stands for the distribution's own user, which we do not have. */
const listedUser = decoder<UserEntry | undefined>(
  { kind: 'either', of: [{ kind: 'word', word: 'default' }, cloudUser.shape] },
  (node, reading, what) => {
    if (node.kind === 'scalar' && node.text === 'default') {
      const message = `${what}: there is no default user here`;
      reading.warnings.push({ code: 'no-default-user', message, at: node.at });
      return undefined;
    }
    return cloudUser(node, reading, what);
  },
);

const runCommand = decoder<Command>(
  {
    kind: 'either',
    of: [holding({ what: 'command' }, text).shape, list(text).shape],
  },
  (node, reading, what) => {
    if (node.kind !== 'sequence') {
      return placedText(node, reading, what);
    }
    const [program, ...rest] = list(text)(node, reading, what);
    return program === undefined
      ? { text: '', at: node.at }
      : { text: [program, ...rest].join(' '), argv: [program, ...rest], at: node.at };
  },
);

/** Every key of a cloud-config document that has an effect. */
export const readConfig = object({
  ssh_authorized_keys: says(
    'keys for every listed user, or for root when none is listed',
    list(placedText),
  ),
  write_files: says('writes files (stage boot)', list(writeFile)),
  milpa_files: says('the same', list(writeFile)),
  hostname: says(
    'name of the machine (stage initramfs)',
    holding({ what: 'host-name' }, placedText),
  ),
  users: says('makes users (stage boot)', list(listedUser)),
  runcmd: says('commands (stage boot)', list(runCommand)),
  growpart: says(
    'grows the last partition (stage boot)',
    object({
      devices: says('mount points or nodes', list(text)),
      mode: says('no effect', text),
      ignore_growroot_disabled: says('no effect', flag),
    }),
  ),
  stages: says('stages as in an ordinary document', anything),
  name: says('no effect', anything),
});

type Config = ReturnType<typeof readConfig>;

function bootSteps(config: Config, users: readonly UserEntry[]): readonly Step[] {
  const main: Step = {
    ...emptyStep(config.at),
    commands: config.runcmd,
    files: [...(config.write_files ?? []), ...(config.milpa_files ?? [])],
    users: users.map((user) => ({
      key: user.name ?? '',
      value: { ...user, ssh_authorized_keys: undefined },
      at: user.at,
    })),
    authorized_keys: keysOf(config, users, (key) => !isRemoteKey(key)),
  };
  const grown = (config.growpart?.devices ?? []).map((path): Step => ({
    ...emptyStep(config.at),
    layout: {
      device: {
        path,
        label: undefined,
        init_disk: undefined,
        disk_name: undefined,
        at: config.at,
      },
      expand_partition: { size: 0, at: config.at },
      add_partitions: undefined,
      at: config.at,
    },
  }));
  return [main, ...grown];
}

/** Keys kept by others need the network, so they wait for its stage. */
function isRemoteKey(key: PlacedText): boolean {
  return /^(?:github|gitlab)/.test(key.text);
}

function keysOf(
  config: Config,
  users: readonly UserEntry[],
  wanted: (key: PlacedText) => boolean,
): NonNullable<Step['authorized_keys']> {
  const shared = config.ssh_authorized_keys ?? [];
  const owners =
    users.length === 0
      ? [{ name: 'root', keys: shared, at: config.at }]
      : users.map((user) => ({
          name: user.name ?? '',
          keys: [...(user.ssh_authorized_keys ?? []), ...shared],
          at: user.at,
        }));
  return owners
    .map((owner) => ({ key: owner.name, value: owner.keys.filter(wanted), at: owner.at }))
    .filter((owner) => owner.value.length > 0);
}

function keySteps(at: Position, keys: NonNullable<Step['authorized_keys']>): readonly Step[] {
  return keys.length === 0 ? [] : [{ ...emptyStep(at), authorized_keys: keys }];
}

function emptyStep(at: Position): Step {
  const nothing: YamlNode = { kind: 'scalar', text: '', style: 'plain', at };
  return readStep(nothing, { errors: [], warnings: [] }, 'step');
}
