/** Whether a root is the one that this machine runs on: preparing that would change a system somebody uses. */
import { access, readFile, stat } from 'node:fs/promises';

/** `path` leads to the root of the running machine, not to that of a container, a chroot or a container build. */
export async function isRunningSystem(
  path: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<boolean> {
  const [wanted, own, first] = await Promise.all([identity(path), identity('/'), identity(INIT)]);
  if (wanted === undefined || wanted !== own) return false;
  // In a chroot the first process has another root; where it cannot be looked at, this is not the machine's own either.
  if (first !== own) return false;
  if (environment['container'] !== undefined || (await isThere(MARKS))) return false;
  const name = await readFile('/proc/1/comm', 'utf8').catch(() => '');
  return INITS.has(name.trim());
}

const INIT = '/proc/1/root/';
const MARKS = ['/.dockerenv', '/run/.containerenv'];
const INITS = new Set(['systemd', 'init', 'openrc-init', 'runit', 's6-svscan', 'busybox']);

async function identity(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found === undefined ? undefined : `${found.dev}:${found.ino}`;
}

async function isThere(paths: readonly string[]): Promise<boolean> {
  for (const path of paths) {
    const found = await access(path).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}
