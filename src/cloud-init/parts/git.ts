import { randomText } from '../template/sprig-random.ts';
import type { Step } from '../step.ts';
import { EntryError } from './entry-error.ts';
import { makeParents } from './parents.ts';
import type { Part, PartContext } from './part.ts';
import { runProgram } from './run-program.ts';
import { targetPath } from './target-path.ts';

type GitEntry = NonNullable<Step['git']>;

/** Clones a repository, or brings a clone that is there to the newest commit of its branch. */
export const git: Part = {
  name: 'git',
  isAskedFor: (step) => Boolean(step.git?.url),
  async run(step, context) {
    const wanted = step.git;
    if (wanted === undefined) {
      return;
    }
    const path = targetPath(wanted.path);
    const url = wanted.url ?? '';
    if (url.startsWith('-') || (wanted.branch ?? '').startsWith('-')) {
      throw new EntryError(`\`${url}\` or \`${wanted.branch ?? ''}\` is no address and no branch`);
    }
    await makeParents(context.target.files, path, { mode: 0o755, uid: 0, gid: 0 });
    await withAccess(wanted, context, async (environment) => {
      const clone = await context.target.files.stat(`${path}/.git`, 'follow');
      if (clone === undefined) {
        const branch = wanted.branch ? ['--branch', wanted.branch] : [];
        const only = wanted.branch_only === true ? ['--single-branch'] : [];
        const words = ['clone', ...branch, ...only, '--', url, path];
        await runProgram(context, ['git', ...words], { environment });
        return;
      }
      const branch = wanted.branch ? wanted.branch : 'master';
      const inClone = ['git', '-C', path] as const;
      await runProgram(context, [...inClone, 'fetch', '--', url, branch], { environment });
      await runProgram(context, [...inClone, 'reset', '--hard', 'FETCH_HEAD'], { environment });
    });
  },
};

/** Secrets go to git by its environment and by files that only root may read, never by words that `ps` shows. */
async function withAccess(
  wanted: GitEntry,
  context: PartContext,
  act: (environment: Readonly<Record<string, string>>) => Promise<void>,
): Promise<void> {
  const {
    username,
    password,
    private_key: privateKey,
    public_key: hostKey,
    insecure,
  } = wanted.auth ?? {};
  const environment: Record<string, string> = { GIT_TERMINAL_PROMPT: '0' };
  const made: string[] = [];
  const keep = async (text: string): Promise<string> => {
    const name = randomText('abcdefghijklmnopqrstuvwxyz', 16, (bytes) =>
      context.target.random(bytes),
    );
    const path = `/run/slotwright-git-${name}`;
    await context.target.files.write({
      path,
      bytes: Buffer.from(text.endsWith('\n') ? text : `${text}\n`),
      mode: 0o600,
      uid: 0,
      gid: 0,
    });
    made.push(path);
    return path;
  };
  try {
    if (insecure === true) {
      environment['GIT_SSL_NO_VERIFY'] = 'true';
    }
    if (privateKey) {
      const known = hostKey ? await keep(`${hostOf(wanted.url ?? '')} ${hostKey}`) : undefined;
      environment['GIT_SSH_COMMAND'] = [
        ...['ssh', '-i', await keep(privateKey), '-o', 'IdentitiesOnly=yes'],
        ...['-o', `StrictHostKeyChecking=${insecure === true ? 'no' : 'yes'}`],
        ...(known === undefined ? [] : ['-o', `UserKnownHostsFile=${known}`]),
        ...['-l', sshUser(username)],
      ].join(' ');
    } else if (username || password) {
      const basic = Buffer.from(`${username ?? ''}:${password ?? ''}`).toString('base64');
      environment['GIT_CONFIG_COUNT'] = '1';
      environment['GIT_CONFIG_KEY_0'] = 'http.extraHeader';
      environment['GIT_CONFIG_VALUE_0'] = `Authorization: Basic ${basic}`;
    }
    await act(environment);
  } finally {
    for (const path of made) {
      await context.target.files.remove(path);
    }
  }
}

/** git hands its ssh words to a shell. */
function sshUser(name: string | undefined): string {
  if (!name) {
    return 'git';
  }
  if (!/^[\w][\w.-]*$/.test(name)) {
    throw new EntryError(`\`${name}\` is no user name`);
  }
  return name;
}

function hostOf(url: string): string {
  return /^(?:\w+:\/\/)?(?:[^@/]*@)?([^:/]+)/.exec(url)?.[1] ?? '';
}
