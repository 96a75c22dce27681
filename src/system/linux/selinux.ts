import { SystemError } from '../../errors.ts';
import { EXIT } from '../../exit-codes.ts';
import type { ContextsResult, Effort } from '../port.ts';
import { openChroot } from './chroot.ts';
import { ConfinedFiles } from './confined-files.ts';
import type { Exec } from './exec.ts';

const PROGRAMS = ['/usr/sbin/setfiles', '/sbin/setfiles'];

/**
 * Gives every file of a tree the SELinux context that the tree's own policy names, by its own `setfiles` (spec 3.1, step 8): a program of
 * this machine may not know that policy. The kernel of this machine need not have SELinux.
 */
export async function setContexts(
  exec: Exec,
  root: string,
  { signal }: Effort,
): Promise<ContextsResult> {
  const found = await lookFor(root);
  if ('reason' in found) return { set: 'no', reason: found.reason };
  const { program, contexts } = found;
  const target = await openChroot(root);
  try {
    const [tool = 'nsenter', ...prefix] = target.prefix;
    const excluded = ['/dev', '/proc', '/run', '/sys', '/tmp'].flatMap((path) => ['-e', path]);
    await exec.change(tool, [...prefix, program, '-F', ...excluded, contexts, '/'], {
      signal,
      timeoutMs: Infinity,
    });
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new SystemError({
      code: 'selinux-failed',
      message: 'the SELinux contexts of the new system cannot be set',
      reason: cause instanceof Error ? cause.message : String(cause),
      hint: `check ${contexts} of the image`,
      exit: EXIT.selinux,
      cause,
    });
  } finally {
    await target.close();
  }
  return { set: 'yes' };
}

type Found = { readonly program: string; readonly contexts: string } | { readonly reason: string };

async function lookFor(root: string): Promise<Found> {
  const files = await ConfinedFiles.open(root);
  try {
    const policy = await policyOf(files);
    const folder = `/etc/selinux/${policy}`;
    const binaries = await files.list(`${folder}/policy`).catch(() => []);
    if (!binaries.some((name) => name.startsWith('policy.'))) return { reason: 'no policy in it' };
    const contexts = `${folder}/contexts/files/file_contexts`;
    if ((await files.stat(contexts, 'follow')) === undefined) {
      return { reason: `its policy "${policy}" has no file_contexts` };
    }
    for (const program of PROGRAMS) {
      if ((await files.stat(program, 'follow')) !== undefined) return { program, contexts };
    }
    return { reason: 'it has a policy and no setfiles: left to its first boot' };
  } finally {
    await files.close();
  }
}

/** `SELINUXTYPE` of its configuration; targeted, as the reference has it, where there is none. */
async function policyOf(files: ConfinedFiles): Promise<string> {
  const bytes = await files.read('/etc/selinux/config').catch(() => undefined);
  const text = bytes === undefined ? '' : Buffer.from(bytes).toString('utf8');
  const [, name] = /^[ \t]*SELINUXTYPE[ \t]*=[ \t]*([A-Za-z0-9_-]+)/m.exec(text) ?? [];
  return name ?? 'targeted';
}
