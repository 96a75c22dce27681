import { realpath } from 'node:fs/promises';
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

/** Boots a disk, works with it, and shuts it down whatever happens; an abort shuts it down at once. */
export async function whileBooted<T>(
  start: { readonly place: SandboxPlace; readonly disk: string; readonly signal: AbortSignal },
  work: (booted: Booted) => Promise<T>,
): Promise<T> {
  start.signal.throwIfAborted();
  const booted = await bootSandbox(start.place, start.disk);
  const stop = (): void => void booted.shutdown();
  start.signal.addEventListener('abort', stop, { once: true });
  try {
    return await work(booted);
  } finally {
    start.signal.removeEventListener('abort', stop);
    await booted.shutdown();
  }
}
