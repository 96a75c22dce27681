/** Whether a root is the one that a machine runs on: preparing that would change a system somebody uses. */
import { access, readFile, stat } from 'node:fs/promises';

export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Text of `/proc/self/mountinfo`. */
  readonly mounts: string;
  /** Whether a container engine left its mark. */
  readonly marked: boolean;
}

/**
 * `path` leads to `/`, and nothing shows that this is the root of a container or of a container build. Without proof it counts as
 * running, also in a chroot: that may be an orchestrator's way to the root of its host. A machine changed by mistake is worse
 * than a question.
 */
export async function isRunningSystem(
  path: string,
  environment: Surroundings['environment'],
): Promise<boolean> {
  const [wanted, own] = await Promise.all([identity(path), identity('/')]);
  if (wanted === undefined || wanted !== own) return false;
  const mounts = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  return !isContainer({ environment, mounts, marked: await isThere(MARKS) });
}

/** By what engines and their builds leave behind: a variable, a file, a root made of layers in a folder of theirs. */
export function isContainer({ environment, mounts, marked }: Surroundings): boolean {
  if (marked || environment['container'] !== undefined) return true;
  const root = mounts.split('\n').find((line) => line.split(' ')[4] === '/') ?? '';
  return / - overlay /.test(root) && ENGINES.test(root);
}

const MARKS = ['/.dockerenv', '/run/.containerenv'];
const ENGINES = /\/(docker|containerd|buildkit|containers|buildah|podman)(\/|-)/;

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
