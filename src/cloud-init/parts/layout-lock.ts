import { throwIfInterrupted } from '../interruption.ts';
import type { ExecResult } from '../target.ts';
import { EntryError } from './entry-error.ts';
import type { PartContext } from './part.ts';
import { endOf } from './run-program.ts';

/** Not the disk's node: udev takes no notice of a disk that somebody has locked. */
const lockFile = '/run/cos/layout.lock';
const mostSeconds = 600;

/**
 * The shell keeps the lock while it lives, and it lives no longer than we do, also where nothing kills it with us. Nobody else
 * may open the file, as who can open it can lock it.
 */
const holding = [
  'mkdir -p "${1%/*}" && umask 077 && exec 9>> "$1" && flock -x -w "$2" 9 && echo held || exit 1',
  'while kill -0 "$PPID" 2> /dev/null; do sleep 1 9>&-; done',
].join('\n');

/**
 * Does the work while no other layout of this machine is done, neither of this process nor of another one: what was planned
 * holds until it is written. Waits up to ten minutes for its turn, then that is an `EntryError`. An interruption ends the wait;
 * once the work has begun, only its end gives the lock back.
 */
export async function withLayoutLock(
  work: () => Promise<void>,
  context: PartContext,
): Promise<void> {
  throwIfInterrupted(context.signal);
  const end = new AbortController();
  const stop = (): void => {
    end.abort();
  };
  context.signal.addEventListener('abort', stop, { once: true });
  const { held, ended } = hold(end.signal, context);
  try {
    const first = await Promise.race([held, ended]);
    throwIfInterrupted(context.signal);
    if (first !== 'held') {
      throw new EntryError(
        `nothing is done to the disk: another layout is at work, or the lock ${lockFile} cannot be taken (the wait ${endOf(first)})`,
      );
    }
    context.signal.removeEventListener('abort', stop);
    await work();
  } finally {
    context.signal.removeEventListener('abort', stop);
    end.abort();
    await ended;
  }
}

function hold(
  signal: AbortSignal,
  { target }: PartContext,
): { readonly held: Promise<'held'>; readonly ended: Promise<ExecResult> } {
  let tell: (word: 'held') => void = () => undefined;
  const held = new Promise<'held'>((resolve) => {
    tell = resolve;
  });
  const ended = target.exec({
    argv: ['/bin/sh', '-c', holding, 'sh', lockFile, String(mostSeconds)],
    signal,
    output: (chunk) => {
      if (Buffer.from(chunk).includes('held')) {
        tell('held');
      }
    },
  });
  return { held, ended };
}
