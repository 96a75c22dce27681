/** Whether a root is the one that a machine runs on: preparing that would change a system somebody uses. */
import { readFile, stat } from 'node:fs/promises';

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
  return !isContainer({ environment, mounts, marked: (await identity(MARK)) !== undefined });
}

/**
 * By what engines and their builds leave behind: a variable, a file in /run, a root made of files in a folder of theirs. Not by
 * `/.dockerenv`: it stays in what is exported from a container, and systems that boot are made from that.
 */
export function isContainer({ environment, mounts, marked }: Surroundings): boolean {
  if (marked || environment['container'] !== undefined) return true;
  return mounts.split('\n').some((line) => line.split(' ')[4] === '/' && ENGINES.test(line));
}

const MARK = '/run/.containerenv';
const ENGINES = /\/(docker|containerd|buildkit|containers|buildah|podman)(\/|-)/;

async function identity(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found === undefined ? undefined : `${found.dev}:${found.ino}`;
}
