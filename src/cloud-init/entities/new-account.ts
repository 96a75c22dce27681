import { loginName } from '../decode/key-rules.ts';
import { EntryError } from '../parts/entry-error.ts';
import { makeParents } from '../parts/parents.ts';
import type { PartContext } from '../parts/part.ts';
import { targetPath } from '../parts/target-path.ts';
import type { UserEntry } from '../step.ts';
import type { Target } from '../target.ts';
import type { AccountFile } from './account-file.ts';
import { readLines } from './accounts.ts';
import { shadowPassword } from './password.ts';

export interface Accounts {
  readonly passwd: AccountFile;
  readonly group: AccountFile;
  readonly shadow: AccountFile;
}

export interface NewAccount {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly groups: readonly string[];
}

interface Surroundings {
  readonly accounts: Accounts;
  readonly context: PartContext;
}

/** Puts the lines of a new user into the account files, in memory: everything is checked before the first write. */
export async function planAccount(
  name: string,
  wanted: UserEntry,
  { accounts, context }: Surroundings,
): Promise<NewAccount> {
  if (!loginName.pattern.test(name)) {
    throw new EntryError(`\`${name}\` is no valid user name`);
  }
  const { target } = context;
  const defaults = await useraddDefaults(target);
  const home = targetPath(wanted.homedir ? wanted.homedir : `${defaults.home}/${name}`);
  const uid = await chooseUid(wanted, home, { accounts, context });
  const gid = chooseGroup(name, wanted, accounts.group);
  const gecos = wanted.gecos ? wanted.gecos : 'Created by entities';
  const shell = wanted.shell ? wanted.shell : defaults.shell;
  accounts.passwd.put([name, 'x', String(uid), String(gid), gecos, home, shell]);
  const password =
    wanted.lock_passwd || !wanted.passwd ? '!' : shadowPassword(wanted.passwd, target);
  accounts.shadow.put([name, password, String(target.today()), '', '', '', '', '', '']);
  const groups = [
    ...(wanted.primary_group ? [wanted.primary_group] : []),
    ...(wanted.groups ?? []),
  ];
  return { name, uid, gid, home, groups };
}

/** Adds the user to the member lists of its groups; a group that is not there is told and passed over. */
export async function addToGroups(
  account: NewAccount,
  { accounts, context }: Surroundings,
): Promise<void> {
  for (const group of account.groups) {
    const fields = accounts.group.fields(group);
    if (fields === undefined) {
      await context.warn(`there is no group \`${group}\` for the user ${account.name}`);
      continue;
    }
    const members = (fields[3] ?? '').split(',').filter((member) => member !== '');
    accounts.group.put([...fields.slice(0, 3), [...new Set([...members, account.name])].join(',')]);
  }
}

export async function saveAccounts(accounts: Accounts, target: Target): Promise<void> {
  await accounts.group.save(target);
  await accounts.passwd.save(target);
  await accounts.shadow.save(target);
}

/** The home directory, of the user alone; what is inside of an existing one stays as it is. */
export async function makeHome(
  account: NewAccount,
  wanted: UserEntry,
  target: Target,
): Promise<void> {
  if (wanted.no_create_home) {
    return;
  }
  const owner = { uid: account.uid, gid: account.gid };
  const found = await target.files.stat(account.home, 'follow');
  if (found === undefined) {
    await makeParents(target.files, account.home, { mode: 0o755, uid: 0, gid: 0 });
    await target.files.makeDirectory({ path: account.home, mode: 0o755, ...owner });
  } else if (found.kind === 'directory') {
    await target.files.setOwner(account.home, owner);
  } else {
    throw new EntryError(`${account.home} is in the way: it is no directory`);
  }
}

async function chooseUid(
  wanted: UserEntry,
  home: string,
  { accounts, context }: Surroundings,
): Promise<number> {
  const taken = (uid: number): string | undefined =>
    accounts.passwd.all().find((line) => Number(line[2]) === uid)?.[0];
  if (wanted.uid) {
    if (!/^\d{1,10}$/.test(wanted.uid)) {
      throw new EntryError(`the uid \`${wanted.uid}\` is no number`);
    }
    const holder = taken(Number(wanted.uid));
    if (holder !== undefined) {
      throw new EntryError(`the uid ${wanted.uid} is taken by ${holder}`);
    }
    return Number(wanted.uid);
  }
  // A home that survived a new image keeps its owner.
  const found = await context.target.files.stat(home, 'follow');
  if (found?.kind === 'directory' && found.uid !== 0 && taken(found.uid) === undefined) {
    return found.uid;
  }
  return wanted.system ? accounts.passwd.freeSystemId(2) : accounts.passwd.freeId(2);
}

/** The id of the primary group; a group of the user's name is made, or taken as it is when it is there. */
function chooseGroup(name: string, wanted: UserEntry, group: AccountFile): number {
  const given = wanted.primary_group ? wanted.primary_group : undefined;
  const chosen = given ?? (wanted.no_user_group ? 'users' : undefined);
  if (chosen !== undefined) {
    const fields = group.fields(chosen);
    if (fields === undefined) {
      throw new EntryError(`there is no group \`${chosen}\``);
    }
    return Number(fields[2]);
  }
  const existing = group.fields(name);
  if (existing !== undefined) {
    return Number(existing[2]);
  }
  const gid = wanted.system ? group.freeSystemId(2) : group.freeId(2);
  group.put([name, 'x', String(gid), name]);
  return gid;
}

async function useraddDefaults(
  target: Target,
): Promise<{ readonly home: string; readonly shell: string }> {
  const lines = await readLines(target, '/etc/default/useradd');
  const value = (name: string): string =>
    lines
      .flatMap((line) => new RegExp(`^\\s*${name}=(.*)$`).exec(line)?.[1] ?? [])
      .at(-1)
      ?.trim()
      .replace(/^(["'])(.*)\1$/, '$2') ?? '';
  return { home: value('HOME') || '/home', shell: value('SHELL') || '/bin/sh' };
}
