import { mkdir, stat } from 'node:fs/promises';
import { SystemError } from '../../errors.ts';
import { CommandError } from './command-error.ts';
import { doing } from './file-error.ts';
import { findFileHolders, findHolders } from './holders.ts';
import { loopBehind } from './loop-device.ts';
import { isAtOrBelow, readMounts } from './mountinfo.ts';
import { mountableFs } from './superblock.ts';
import type { MountRequest, MountsPort } from '../port.ts';
import type { Exec } from './exec.ts';

export function createMounts(exec: Exec): MountsPort {
  return {
    list: async () =>
      (await readMounts()).map(({ at, source, fs, mountMode, superMode }) => ({
        at,
        source,
        fs,
        mode: mountMode === 'rw' && superMode === 'rw' ? 'rw' : 'ro',
        fileSystem: superMode,
      })),
    mount: async (request) => {
      await doing(`make the mount point ${request.at}`, () =>
        mkdir(request.at, { recursive: true, mode: 0o755 }),
      );
      await exec.change('mount', [...(await optionsOf(request)), '--', request.source, request.at]);
    },
    remount: async (at, mode) => {
      await exec.change('mount', ['-o', `remount,${mode}`, '--', at]);
    },
    unmount: async (at) => {
      const loop = await loopBehind(at);
      try {
        await exec.change('umount', ['--', at]);
        await loop?.released();
      } catch (error) {
        if (isBusy(error)) throw await busy(at, error);
        throw isNotMounted(error) ? notMounted(at, error) : error;
      }
    },
    users: async (at) => {
      const found = await stat(at).catch(() => undefined);
      return found?.isFile() === true ? findFileHolders(exec, at) : usersOf(at);
    },
  };
}

/** True when a command failed because somebody still uses the mount. */
export function isBusy(error: unknown): boolean {
  return error instanceof CommandError && /\bbusy\b/i.test(error.stderr);
}

/** Somebody else unmounted it, or nobody mounted it. */
export function notMounted(at: string, cause?: unknown): SystemError {
  return new SystemError({
    code: 'not-mounted',
    message: `nothing is mounted at ${at}`,
    hint: 'somebody else may have unmounted it; run the command again',
    cause,
  });
}

const isNotMounted = (error: unknown): boolean =>
  error instanceof CommandError && /not mounted|no mount point/.test(error.stderr);

/** `-w` instead of an option: mount then never falls back to read-only on its own. */
const flagOf = (mode: 'ro' | 'rw'): string => (mode === 'ro' ? '-r' : '-w');

const optionsOf = async (request: MountRequest): Promise<readonly string[]> => {
  switch (request.kind) {
    case 'device':
      return [flagOf(request.mode), ...(request.journal === undefined ? [] : ['-o', 'norecovery'])];
    case 'bind':
      return ['--bind', '-o', request.mode];
    case 'image': {
      // The loop device is found by the inode of the file, never by its path, and frees itself with the mount.
      const fs = await mountableFs(request.source);
      return ['-t', fs, flagOf(request.mode), '-o', 'loop'];
    }
  }
};

const usersOf = async (at: string): Promise<readonly string[]> => {
  const below = (await readMounts()).filter(
    (entry) => entry.at !== at && isAtOrBelow(entry.at, at),
  );
  return [...below.map((entry) => `a mount at ${entry.at}`), ...(await findHolders(at))];
};

const busy = async (at: string, cause: unknown): Promise<SystemError> => {
  const users = await usersOf(at);
  return new SystemError({
    code: 'mount-busy',
    message: `${at} is in use and cannot be unmounted`,
    reason: users.length === 0 ? 'no user of it could be found' : `used by ${users.join(', ')}`,
    hint: 'end what uses it, then run the command again',
    cause,
  });
};
