import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EXIT } from '../../exit-codes.ts';
import { SystemError } from '../../errors.ts';
import { CommandError } from './command-error.ts';
import { doing } from './file-error.ts';
import { fileBehind } from './loop-device.ts';
import { isAtOrBelow, mountAt, readMounts } from './mountinfo.ts';
import { isBusy, notMounted } from './mounts.ts';
import type { SettlePort } from '../port.ts';
import type { Exec } from './exec.ts';

/** Durability. See architecture section 5 for what was measured. */
export function createSettle(exec: Exec): SettlePort {
  return {
    sync: async (paths) => {
      const one = await onePathOfEach(paths);
      if (one.length === 0) return;
      try {
        await exec.change('sync', ['--file-system', '--', ...one]);
      } catch (error) {
        for (const path of one) await refuseFull(path, error);
        throw error;
      }
    },
    checkpoint: async (mountPoint) => {
      const before = await mountedHere(mountPoint);
      // Read-only for everybody: nothing has been written since it became so.
      if (before.superMode === 'ro') return;
      try {
        await exec.change('mount', ['-o', 'remount,ro', '--', mountPoint]);
      } catch (error) {
        if (!isBusy(error)) throw error;
        await exec.finish('sh', ['-c', FREEZE_AND_THAW, 'sh', mountPoint]);
        return;
      }
      await exec.change('mount', ['-o', 'remount,rw', '--', mountPoint]);
      if (before.mountMode === 'ro') {
        await exec.change('mount', ['-o', 'remount,bind,ro', '--', mountPoint]);
      }
    },
    thaw: async (mountPoint) => {
      try {
        await exec.change('fsfreeze', ['--unfreeze', mountPoint]);
      } catch (error) {
        // EINVAL: not frozen. EOPNOTSUPP: cannot be frozen.
        if (!(error instanceof CommandError) || !NOT_FROZEN.test(error.stderr)) throw error;
      }
    },
  };
}

/**
 * Freezing writes the whole journal back. Whoever dies between the two leaves every later write hanging, so this child
 * ignores signals and is in a session of its own; after SIGKILL of everything the next start thaws.
 */
const FREEZE_AND_THAW = [
  'trap "" HUP INT QUIT TERM PIPE',
  'fsfreeze --freeze "$1"; frozen=$?',
  'fsfreeze --unfreeze "$1" || exit',
  'exit $frozen',
].join('\n');

const NOT_FROZEN = /Invalid argument|Operation not supported|Inappropriate ioctl/;

const onePathOfEach = async (paths: readonly string[]): Promise<readonly string[]> => {
  const byDevice = new Map<number, string>();
  for (const path of paths) {
    const { dev } = await doing(`look at ${path}`, () => stat(path));
    byDevice.set(dev, path);
  }
  return [...byDevice.values()];
};

/** A loop device has one answer to everything that its file has no room for: an input/output error. */
const refuseFull = async (path: string, cause: unknown): Promise<void> => {
  const holding = (await readMounts()).filter(({ at }) => isAtOrBelow(path, at));
  const mount = holding.toSorted((a, b) => a.at.length - b.at.length).at(-1);
  const file = mount === undefined ? undefined : await fileBehind(mount.device);
  if (file === undefined) return;
  const { bavail, bsize } = await statfs(dirname(file));
  if (bavail * bsize > ALMOST_NOTHING) return;
  throw new SystemError({
    code: 'no-space',
    message: `${file} cannot grow`,
    reason: 'no space left on the file system that holds it',
    hint: 'free some space there',
    exit: EXIT.noSpace,
    cause,
  });
};

/** Less than the smallest thing that fails. */
const ALMOST_NOTHING = 2 ** 20;

const mountedHere = async (mountPoint: string) => {
  const found = mountAt(await readMounts(), mountPoint);
  if (found !== undefined) return found;
  throw notMounted(mountPoint);
};
