import { execa } from 'execa';
import { HOST_PATH } from '../sandbox/host-command.ts';
import type { Errands, Run } from './errands.ts';
import { MOUNT_ONE, whileMounted } from './mounted-read-only.ts';

/** What somebody who looks at disks does it with. */
export interface Hands {
  readonly run: Run;
  readonly whileMounted: typeof whileMounted;
}

/** Starts a process for everything. */
export const OWN_HANDS: Hands = {
  run: async (file, ...args) => {
    const options = { env: { PATH: HOST_PATH, LC_ALL: 'C' }, reject: false } as const;
    const { exitCode, stdout, stderr } = await execa(file, args, options);
    return { code: exitCode ?? -1, stdout, stderr };
  },
  whileMounted,
};

/** Lets a small process start them: for thousands of disks. */
export function handsOf(errands: Errands): Hands {
  return {
    run: errands.run,
    whileMounted: async (fileSystems, work) => {
      const roots: (string | undefined)[] = [];
      try {
        for (const [index, { file, offset = 0, bytes = 0, journal }] of fileSystems.entries()) {
          const at = `/mnt/${String(index)}`;
          const place = [at, file, String(offset), String(bytes), journal];
          const { code } = await errands.run('sh', '-c', MOUNT_ONE, 'mount', ...place);
          roots.push(code === 0 ? errands.path(at) : undefined);
        }
        return await work(roots);
      } finally {
        for (const [index, root] of roots.entries()) {
          if (root !== undefined) await errands.run('umount', `/mnt/${String(index)}`);
        }
      }
    },
  };
}
