import { bytesToText, textToBytes } from '../byte-text.ts';
import type { Account } from '../entities/accounts.ts';
import { readPasswd } from '../entities/accounts.ts';
import type { PlacedText } from '../decode/decoder.ts';
import { EntryError } from './entry-error.ts';
import type { TargetFiles } from '../target.ts';
import type { Part, PartContext } from './part.ts';

/** Lets people in by their keys. */
export const authorizedKeys: Part = {
  name: 'authorized_keys',
  isAskedFor: (step) => (step.authorized_keys ?? []).length > 0,
  async run(step, context) {
    for (const { key: user, value: keys, at } of step.authorized_keys ?? []) {
      await context.attempt(at, () => addKeys(user, keys, context));
    }
  },
};

/** Below the home of a user. */
const directory = '/.ssh';
const path = `${directory}/authorized_keys`;

interface Surroundings {
  readonly account: Account;
  /** Of the user's home. */
  readonly files: TargetFiles;
  readonly context: PartContext;
}

/**
 * Adds the keys that a user does not have yet. What a user may have put in our way (a link) is refused, not followed; one
 * that is put there meanwhile leads nowhere but to the user's own files.
 */
export async function addKeys(
  user: string,
  keys: readonly PlacedText[],
  context: PartContext,
): Promise<void> {
  const account = (await readPasswd(context.target)).find(({ name }) => name === user);
  if (account === undefined) {
    throw new EntryError(`there is no user \`${user}\``);
  }
  const home = await context.target.files.stat(account.home, 'follow');
  if (home?.kind !== 'directory') {
    throw new EntryError(`the home directory ${account.home} of ${account.name} is not there`);
  }
  await context.target.files.inside(account.home, (files) =>
    addLines(keys, { account, files, context }),
  );
}

async function addLines(
  keys: readonly PlacedText[],
  { account, files, context }: Surroundings,
): Promise<void> {
  await makeDirectory(account, files);
  const found = await files.stat(path, 'keep');
  if (found !== undefined && found.kind !== 'file') {
    throw new EntryError(`${account.home}${path} is no regular file`);
  }
  const old = bytesToText((await files.read(path)) ?? Buffer.alloc(0));
  const present = new Set(old.split('\n').map((line) => line.trim()));
  const added: string[] = [];
  for (const key of keys) {
    await context.attempt(key.at, async () => {
      for (const line of await keyLines(key.text, context)) {
        if (!present.has(line)) {
          present.add(line);
          added.push(`${line}\n`);
        }
      }
    });
  }
  if (added.length > 0) {
    const start = old === '' || old.endsWith('\n') ? old : `${old}\n`;
    await files.write({
      path,
      bytes: textToBytes(start + added.join('')),
      mode: found?.mode ?? 0o600,
      uid: account.uid,
      gid: account.gid,
    });
  }
}

async function makeDirectory(account: Account, files: TargetFiles): Promise<void> {
  const owner = { uid: account.uid, gid: account.gid };
  const found = await files.stat(directory, 'keep');
  if (found === undefined) {
    await files.makeDirectory({ path: directory, mode: 0o700, ...owner });
  } else if (found.kind !== 'directory') {
    throw new EntryError(`${account.home}${directory} is no directory`);
  } else {
    await files.setOwner(directory, owner);
  }
}

/** The lines that a key stands for: itself, or what its address gives. */
async function keyLines(key: string, context: PartContext): Promise<readonly string[]> {
  const url = keyUrl(key);
  if (url === undefined) {
    return key.trim() === '' ? [] : [key.trim()];
  }
  const answer = await context.target.fetch({ url, signal: context.signal });
  if (answer.status < 200 || answer.status >= 300) {
    throw new EntryError(`${url} answered with status ${String(answer.status)}`);
  }
  return bytesToText(answer.bytes)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function keyUrl(key: string): string | undefined {
  const [, service, user] = /^(github|gitlab):([\w.-]+)$/.exec(key) ?? [];
  if (service !== undefined && user !== undefined) {
    return `https://${service}.com/${user}.keys`;
  }
  return /^https?:\/\/\S+$/.test(key) ? key : undefined;
}
