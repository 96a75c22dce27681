/**
 * One process at a time may change a device. The lock is a `flock` on an open directory: it works on a read-only file system
 * and across containers with a `/run` of their own, leaves no file, and is free at once when its holder dies by SIGKILL.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { open, readdir, readFile, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { LockedError, SystemError } from '../src/errors.ts';
import { EXIT } from '../src/exit-codes.ts';
import { withMeaning } from './disk-fault.ts';

export interface Lock {
  /** Gives the lock back; releasing twice is releasing once. */
  release(): Promise<void>;
}

/**
 * Takes the lock of the file system whose root directory this is. Throws a `LockedError` of code `locked` at once when another
 * process has it. While it is held, the file system cannot be unmounted, but it can be remounted.
 */
export async function acquireLock(directory: string): Promise<Lock> {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY;
  const handle = await withMeaning(NOT_OPEN, () => open(directory, flags));
  try {
    if ((await flock(handle.fd)) === 'taken') throw await locked(directory, handle);
  } catch (error) {
    await handle.close();
    throw error;
  }
  let closing: Promise<void> | undefined;
  return { release: () => (closing ??= handle.close()) };
}

const NOT_OPEN = {
  code: 'lock-failed',
  message: 'the directory whose lock guards this device cannot be opened',
  hint: 'COS_STATE must be mounted, and this must run as root',
};

/**
 * The child locks the open file description that it shares with us and exits; ours keeps the lock. Node opens with
 * close-on-exec, so no other child can carry it away. A taken lock is told by exit 1 and silence, by every `flock` there is.
 */
async function flock(fd: number): Promise<'ours' | 'taken'> {
  const child = spawn('flock', ['-x', '-n', '3'], { stdio: ['ignore', 'ignore', 'pipe', fd] });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
  const result = await new Promise<number | string>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(code ?? `killed by ${String(signal)}`));
  });
  if (result === 0) return 'ours';
  if (result === 1 && said === '') return 'taken';
  throw new SystemError({
    code: 'lock-failed',
    message: 'the lock of this device could not be taken',
    reason: said.trim() || `flock: ${result}`,
    hint: 'the `flock` command of util-linux must be there',
  });
}

/** Who holds the lock of this directory. Asks only: whoever wants it meanwhile gets it. */
export async function lockHolder(directory: string): Promise<string | undefined> {
  return findHolder(await withMeaning(NOT_OPEN, () => stat(directory)));
}

async function locked(directory: string, handle: FileHandle): Promise<LockedError> {
  const holder = await findHolder(await handle.stat()).catch(() => undefined);
  return new LockedError({
    code: 'locked',
    message: 'another process is changing this device',
    reason: `${holder ?? 'a process that cannot be named'} holds the lock on ${directory}`,
    hint: 'wait until it has finished, or stop it; then `slotwright status` shows where it stopped',
    exit: EXIT.locked,
  });
}

/**
 * Which process has this directory open with a lock on it. `/proc/locks` cannot tell: it names the child that took the lock,
 * long gone; so the open files are asked.
 */
async function findHolder(directory: {
  readonly dev: number;
  readonly ino: number;
}): Promise<string | undefined> {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  for (const pid of processes) {
    const files = await readdir(`/proc/${pid}/fdinfo`).catch(() => []);
    for (const fd of files) {
      const info = await readFile(`/proc/${pid}/fdinfo/${fd}`, 'utf8').catch(() => '');
      if (!/^lock:.*FLOCK.*WRITE/m.test(info)) continue;
      const seen = await stat(`/proc/${pid}/fd/${fd}`).catch(() => undefined);
      if (seen?.dev === directory.dev && seen.ino === directory.ino) return describe(pid);
    }
  }
  return undefined;
}

async function describe(pid: string): Promise<string> {
  const words = (await readFile(path.join('/proc', pid, 'cmdline'), 'utf8')).split('\0');
  const command = words
    .join(' ')
    .replace(/[^ -~]/g, '?')
    .trim();
  return `process ${pid} (${command.slice(0, 120)})`;
}
