import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import type { ExecRequest, ExecResult } from '../../cloud-init/target.ts';
import { hasCode } from './confined-error.ts';

/** Where and how programs of hooks are started. */
export interface ExecPlace {
  /** Programs that lead into the target, before the hook's own words. */
  readonly prefix: readonly string[];
  /** The whole environment: nothing of ours is added. */
  readonly environment: Readonly<Record<string, string>>;
  /** Of this system, also when the prefix leads elsewhere. */
  readonly startIn: string;
}

/** The fault of one command, or of a machine that is short of something right now: the next command runs all the same. */
const UNSTARTABLE = ['ENOENT', 'EACCES', 'ENOEXEC', 'ENOTDIR', 'EAGAIN', 'EMFILE', 'ENOMEM'];
/** How long output is still read after a program has ended whose children keep its output open. */
const drainMilliseconds = 200;
/** How long a program may take to stop by itself. */
const stopMilliseconds = 5_000;

/**
 * Runs a program in a session of its own and waits for it, not for what it leaves behind: a daemon that keeps the output
 * open holds nobody up. When the signal fires, the whole process group is ended.
 */
export async function execAt(place: ExecPlace, request: ExecRequest): Promise<ExecResult> {
  const [program = '', ...args] = [...place.prefix, ...request.argv];
  let child: ChildProcess;
  try {
    child = spawn(program, args, {
      cwd: place.startIn,
      env: { ...place.environment, ...request.environment },
      stdio: [request.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      detached: true,
    });
  } catch (error) {
    // Words that no program can be given: too long for the kernel, or with a zero byte.
    if (!hasCode(error, ['E2BIG', 'ERR_INVALID_ARG_VALUE', ...UNSTARTABLE])) throw error;
    return { ended: 'missing', reason: error instanceof Error ? error.message : String(error) };
  }
  const stop = endGroup(child);
  request.signal.addEventListener('abort', stop.begin, { once: true });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', request.output);
  }
  // A program that does not read its input is no fault of ours.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(request.stdin);
  try {
    return await ended(child);
  } finally {
    request.signal.removeEventListener('abort', stop.begin);
    stop.cancel();
    await letGo(child);
  }
}

function ended(child: ChildProcess): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      if (hasCode(error, UNSTARTABLE)) {
        resolve({ ended: 'missing', reason: error.message });
      } else {
        reject(error);
      }
    });
    child.once('exit', (code, signal) => {
      resolve(
        code === null ? { ended: 'killed', by: signal ?? 'a signal' } : { ended: 'exited', code },
      );
    });
  });
}

/** Takes in what is already written, then leaves the streams to themselves: a daemon's next write must not kill it. */
async function letGo(child: ChildProcess): Promise<void> {
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null);
  const open = streams.filter((stream) => !stream.closed && !stream.destroyed);
  if (open.length > 0 && child.pid !== undefined) {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, drainMilliseconds);
      child.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
  for (const stream of streams) {
    stream.removeAllListeners('data');
    stream.resume();
    if (stream instanceof Socket) {
      stream.unref();
    }
  }
}

function endGroup(child: ChildProcess): {
  readonly begin: () => void;
  readonly cancel: () => void;
} {
  let timer: NodeJS.Timeout | undefined;
  const send = (signal: NodeJS.Signals): void => {
    try {
      process.kill(-(child.pid ?? 0), signal);
    } catch (error) {
      if (!hasCode(error, ['ESRCH'])) {
        throw error;
      }
    }
  };
  return {
    begin: () => {
      if (child.pid !== undefined) {
        send('SIGTERM');
        timer = setTimeout(() => send('SIGKILL'), stopMilliseconds);
      }
    },
    cancel: () => clearTimeout(timer),
  };
}
