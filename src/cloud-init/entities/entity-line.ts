import { EntryError } from '../parts/entry-error.ts';
import type { PartContext } from '../parts/part.ts';
import type { AccountFile } from './account-file.ts';
import { readGroups } from './accounts.ts';
import type { Entity } from './entity.ts';
import { shadowPassword } from './password.ts';

/** The usual file of each kind of entity. */
export const usualFiles: Readonly<Record<Entity['kind'], string>> = {
  user: '/etc/passwd',
  group: '/etc/group',
  shadow: '/etc/shadow',
  gshadow: '/etc/gshadow',
};

/** The fields of the line that an entity stands for; what it does not say is taken from the line that is there. */
export async function entityFields(
  entity: Entity,
  file: AccountFile,
  context: PartContext,
): Promise<readonly string[]> {
  switch (entity.kind) {
    case 'user':
      return userFields(entity.user, file, context);
    case 'group':
      return groupFields(entity.group, file);
    case 'shadow': {
      const { shadow } = entity;
      const [, password = '', changed = '', ...rest] = filled(shadowFields(shadow));
      return [
        needed(shadow.username, 'username'),
        shadowPassword(password, context.target),
        changed === 'now' ? String(context.target.today()) : changed,
        ...rest,
      ];
    }
    case 'gshadow':
      return [
        needed(entity.gshadow.name, 'name'),
        ...filled(gshadowFields(entity.gshadow)).slice(1),
      ];
  }
}

/** The line that an entity says letter by letter: what it does not say is empty, or 0 where the field is an id. */
export function literalLine(entity: Exclude<Entity, { readonly kind: 'group' }>): string {
  switch (entity.kind) {
    case 'user': {
      const { username, password, uid = 0, gid = 0, info, homedir, shell } = entity.user;
      const ids = [String(uid), String(gid)];
      return filled([username, password, ...ids, info, homedir, shell]).join(':');
    }
    case 'shadow':
      return filled(shadowFields(entity.shadow)).join(':');
    case 'gshadow':
      return filled(gshadowFields(entity.gshadow)).join(':');
  }
}

type Fields = readonly (string | undefined)[];

function shadowFields(shadow: (Entity & { kind: 'shadow' })['shadow']): Fields {
  const { username, password, last_changed, minimum_changed, maximum_changed } = shadow;
  const { warn, inactive, expire, reserved } = shadow;
  const days = [last_changed, minimum_changed, maximum_changed, warn, inactive, expire];
  return [username, password, ...days, reserved];
}

function gshadowFields(gshadow: (Entity & { kind: 'gshadow' })['gshadow']): Fields {
  const { name, password, administrators, members } = gshadow;
  return [name, password, administrators, members];
}

function filled(fields: Fields): readonly string[] {
  return fields.map((field) => field ?? '');
}

async function userFields(
  user: (Entity & { kind: 'user' })['user'],
  file: AccountFile,
  context: PartContext,
): Promise<readonly string[]> {
  const name = needed(user.username, 'username');
  if (user.uid === undefined) {
    await context.warn(`no uid for the user ${name}: it gets 0, the rights of root`);
  }
  const uid = (user.uid ?? 0) < 0 ? file.freeId(2) : (user.uid ?? 0);
  const group = user.group
    ? (await readGroups(context.target)).find((candidate) => candidate.name === user.group)
    : undefined;
  if (user.group && group === undefined) {
    throw new EntryError(`there is no group \`${user.group}\``);
  }
  return [
    name,
    user.password ?? '',
    String(uid),
    String(group?.gid ?? user.gid ?? 0),
    user.info ? user.info : 'Created by entities',
    user.homedir ?? '',
    user.shell ?? '',
  ];
}

function groupFields(
  group: (Entity & { kind: 'group' })['group'],
  file: AccountFile,
): readonly string[] {
  const name = needed(group.group_name, 'group_name');
  const old = file.fields(name);
  const gid =
    group.gid === undefined
      ? (old?.[2] ?? String(file.freeId(2)))
      : String(group.gid < 0 ? file.freeId(2) : group.gid);
  const members = [...(old?.[3] ?? '').split(','), ...(group.users ?? '').split(',')]
    .map((member) => member.trim())
    .filter((member) => member !== '');
  // As the gid: what the entity does not say stays as it is.
  return [
    name,
    group.password ? group.password : (old?.[1] ?? ''),
    gid,
    [...new Set(members)].join(','),
  ];
}

function needed(value: string | undefined, field: string): string {
  if (!value) {
    throw new EntryError(`the entity has no \`${field}\``);
  }
  return value;
}
