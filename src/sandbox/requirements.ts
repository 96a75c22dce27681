import { statfs } from 'node:fs/promises';
import { SystemError } from '../errors.ts';
import { hostCommand } from './host-command.ts';

/** Why this machine cannot have a real sandbox, in words; `undefined` when it can. */
export async function missingForRealMachine(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'it needs root, for loop devices and mounts';
  for (const [program, args] of PROBES) {
    const failure = await hostCommand(program, args).then(
      () => undefined,
      (error: unknown) => (error instanceof SystemError ? error.reason : String(error)),
    );
    if (failure !== undefined) return `${program} does not work here: ${failure}`;
  }
  return undefined;
}

/** Refuses, with the reason, where no real sandbox can be had. */
export async function requireRealMachine(): Promise<void> {
  const reason = await missingForRealMachine();
  if (reason === undefined) return;
  throw new SystemError({
    code: 'no-real-sandbox',
    message: 'the sandbox cannot run on this machine',
    reason,
    hint: 'run it as root with loop devices; "slotwright sandbox demo" tells its story without',
  });
}

/** True when this many bytes fit into the file system that holds a directory. */
export async function hasRoom(directory: string, bytes: number): Promise<boolean> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize >= bytes;
}

/** Commands that work only where a sandbox does. */
const PROBES: readonly (readonly [string, readonly string[]])[] = [
  ['losetup', ['--find']],
  [
    'unshare',
    [
      '--fork',
      '--mount',
      '--propagation',
      'private',
      '--pid',
      '--uts',
      'mount',
      '-t',
      'tmpfs',
      'tmpfs',
      '/boot',
    ],
  ],
  ['setpriv', ['--version']],
  ['sfdisk', ['--version']],
  ['mke2fs', ['-V']],
];
