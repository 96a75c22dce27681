import { AccountFile } from '../entities/account-file.ts';
import type { Accounts } from '../entities/new-account.ts';
import { addToGroups, makeHome, planAccount, saveAccounts } from '../entities/new-account.ts';
import { shadowPassword } from '../entities/password.ts';
import type { UserEntry } from '../step.ts';
import { addKeys } from './authorized-keys.ts';
import type { Part, PartContext } from './part.ts';

/** Makes users, sorted by name, so that their ids do not hang on chance; of an existing user only the password changes. */
export const users: Part = {
  name: 'users',
  isAskedFor: (step) => (step.users ?? []).length > 0,
  async run(step, context) {
    const sorted = [...(step.users ?? [])].sort((left, right) => (left.key < right.key ? -1 : 1));
    for (const { key: name, value: wanted, at } of sorted) {
      await context.attempt(at, () => ensureUser(name, wanted, context));
    }
  },
};

async function ensureUser(name: string, wanted: UserEntry, context: PartContext): Promise<void> {
  const { target } = context;
  const accounts: Accounts = {
    passwd: await AccountFile.open(target, '/etc/passwd'),
    group: await AccountFile.open(target, '/etc/group'),
    shadow: await AccountFile.open(target, '/etc/shadow'),
  };
  if (accounts.passwd.fields(name) === undefined) {
    const account = await planAccount(name, wanted, { accounts, context });
    await addToGroups(account, { accounts, context });
    await saveAccounts(accounts, target);
    await makeHome(account, wanted, target);
  } else {
    await changePassword(name, wanted, { accounts, context });
  }
  if ((wanted.ssh_authorized_keys ?? []).length > 0) {
    await addKeys(name, wanted.ssh_authorized_keys ?? [], context);
  }
}

async function changePassword(
  name: string,
  wanted: UserEntry,
  { accounts, context }: { readonly accounts: Accounts; readonly context: PartContext },
): Promise<void> {
  const ignored = (['gecos', 'homedir', 'shell', 'uid', 'primary_group', 'groups'] as const).filter(
    (field) => wanted[field] !== undefined,
  );
  if (ignored.length > 0) {
    await context.warn(
      `the user ${name} is there already: ${ignored.join(', ')} stay as they are`,
      wanted.at,
    );
  }
  const old = accounts.shadow.fields(name) ?? [name, '', '', '', '', '', '', '', ''];
  if (wanted.lock_passwd) {
    accounts.shadow.put([name, `!${(old[1] ?? '').replace(/^!+/, '')}`, ...old.slice(2)]);
  } else if (wanted.passwd) {
    const password = shadowPassword(wanted.passwd, context.target);
    accounts.shadow.put([name, password, String(context.target.today()), ...old.slice(3)]);
  }
  await accounts.shadow.save(context.target);
}
