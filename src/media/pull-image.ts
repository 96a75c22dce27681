/** Unpacks an image into a directory: all of it, or nothing. */
import { lstat, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SystemError, UsageError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { syncDirectory } from '../../state/durable-file.ts';
import type { ImageSource, System } from '../system/port.ts';

export interface PulledImage {
  readonly source: string;
  readonly destination: string;
  /** Of what was written. */
  readonly digest: string;
  readonly bytes: number;
  readonly files: number;
}

/** Into a free name or an empty directory; what was begun is removed when it fails or is stopped. */
export async function pullImage(
  system: Pick<System, 'images' | 'settle'>,
  { source, destination }: { readonly source: ImageSource; readonly destination: string },
  { signal, note }: { readonly signal: AbortSignal; readonly note: (line: string) => void },
): Promise<PulledImage> {
  const there = await lookAt(destination);
  const { files, contentBytes } = await system.images.inspect(source, { signal });
  note(`unpacking ${source.uri}: ${files} files, ${Math.ceil(contentBytes / 2 ** 20)} MiB`);
  // An empty directory may be a mount point, which keeps its name.
  const tree = there === 'empty' ? destination : await staging(destination);
  try {
    const written = await system.images.fill(source, tree, { signal });
    await system.settle.sync([tree]);
    if (there === 'free') {
      await rename(tree, destination);
      await syncDirectory(dirname(destination));
    }
    return { source: source.uri, destination, ...written };
  } catch (cause) {
    if (there === 'empty') await clear(tree);
    else await rm(tree, { recursive: true, force: true });
    if (signal.aborted || !(cause instanceof SystemError)) throw cause;
    throw new SystemError({
      code: 'not-unpacked',
      message: `${source.uri} cannot be unpacked into ${destination}`,
      reason: cause.reason ?? cause.message,
      hint: cause.hint ?? 'check the source and the space; what was begun is removed',
      exit: EXIT.unpackImage,
      cause,
    });
  }
}

async function lookAt(destination: string): Promise<'free' | 'empty'> {
  const found = await lstat(destination).catch(() => undefined);
  if (found === undefined) return 'free';
  const names = found.isDirectory() ? await readdir(destination) : ['itself'];
  // A file system that was just made has it.
  if (names.every((name) => name === 'lost+found')) return 'empty';
  throw new UsageError({
    code: 'output-exists',
    message: `${destination} is there already`,
    reason: found.isDirectory() ? 'the directory is not empty' : 'it is no directory',
    hint: 'name another one: nothing is unpacked over files',
    exit: EXIT.outputExists,
  });
}

async function staging(destination: string): Promise<string> {
  return mkdtemp(join(dirname(destination), '.slotwright-pull-')).catch((cause: unknown) => {
    throw new SystemError({
      code: 'output-impossible',
      message: `nothing can be made in ${dirname(destination)}`,
      reason: cause instanceof Error ? cause.message : String(cause),
      hint: 'name a directory that you may write to',
      exit: EXIT.unpackImage,
      cause,
    });
  });
}

async function clear(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name === 'lost+found') continue;
    await rm(join(directory, name), { recursive: true, force: true });
  }
}
