import { readGroups, readPasswd } from '../entities/accounts.ts';
import type { Target } from '../target.ts';
import { EntryError } from './entry-error.ts';

interface Wanted {
  readonly owner?: number | undefined;
  readonly group?: number | undefined;
  /** `user` or `user:group`, by name or number, of the target's own accounts. */
  readonly ownerstring?: string | undefined;
}

/** The ids that an entry asks for. An unknown name is an error before anything is written. */
export async function ownerOf(
  target: Target,
  wanted: Wanted,
): Promise<{ uid: number; gid: number }> {
  if (!wanted.ownerstring) {
    return { uid: wanted.owner ?? 0, gid: wanted.group ?? 0 };
  }
  const [userName = '', groupName] = wanted.ownerstring.split(':');
  const passwd = await readPasswd(target);
  const user = passwd.find((account) => account.name === userName);
  const uid = user?.uid ?? numeric(userName);
  if (uid === undefined) {
    throw new EntryError(`there is no user \`${userName}\` in /etc/passwd`);
  }
  if (!groupName) {
    const gid = user?.gid ?? passwd.find((account) => account.uid === uid)?.gid ?? uid;
    return { uid, gid };
  }
  const group = (await readGroups(target)).find((candidate) => candidate.name === groupName);
  const gid = group?.gid ?? numeric(groupName);
  if (gid === undefined) {
    throw new EntryError(`there is no group \`${groupName}\` in /etc/group`);
  }
  return { uid, gid };
}

function numeric(word: string): number | undefined {
  return /^\d{1,10}$/.test(word) ? Number(word) : undefined;
}
