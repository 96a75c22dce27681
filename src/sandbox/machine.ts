import { realpath } from 'node:fs/promises';
import { EXIT } from '../exit-codes.ts';
import { InterruptedError } from '../errors.ts';
import { bootDisk, type Booted } from './boot.ts';
import { NEXT_INSIDE } from './create.ts';
import { readFacts, type SandboxPlace } from './place.ts';

/** Boots a disk of a sandbox with this very program, its upgrade source and its configuration inside. */
export async function bootSandbox(place: SandboxPlace, disk: string): Promise<Booted> {
  const { next, userland } = await readFacts(place);
  const bundle = await realpath(process.argv[1] ?? '');
  return bootDisk(
    { path: disk },
    {
      slot: 'active',
      userland,
      lend: {
        '/run/slotwright/bin/node': process.execPath,
        '/run/slotwright/bin/elemental': bundle,
        '/run/slotwright/bin/slotwright': bundle,
        '/etc/elemental/config.d/sandbox.yaml': place.config,
        [NEXT_INSIDE]: next,
      },
    },
  );
}

/** Boots a disk, works with it, and shuts it down whatever happens. */
export async function whileBooted<T>(
  start: { readonly place: SandboxPlace; readonly disk: string; readonly signal: AbortSignal },
  work: (booted: Booted) => Promise<T>,
): Promise<T> {
  const { place, disk, signal } = start;
  const booted = await interruptible(signal, () => bootSandbox(place, disk));
  const stop = (): void => void booted.shutdown();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await interruptible(signal, () => work(booted));
  } finally {
    signal.removeEventListener('abort', stop);
    await booted.shutdown();
  }
}

/** Does something that a signal may end; then the failure is not a failure but an interruption. */
export async function interruptible<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const stopped = (): boolean => signal.aborted;
  if (stopped()) throw interrupted();
  try {
    const result = await work();
    if (!stopped()) return result;
  } catch (error) {
    if (!stopped()) throw error;
  }
  throw interrupted();
}

function interrupted(): InterruptedError {
  return new InterruptedError({
    code: 'interrupted',
    message: 'the sandbox was stopped',
    reason: 'a signal asked for it',
    hint: 'start it again whenever you like: every start begins anew',
    exit: EXIT.interrupted,
  });
}
