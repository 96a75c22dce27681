import type { ExecResult } from '../target.ts';
import { makeParents } from './parents.ts';
import type { PartContext } from './part.ts';

/** What is mounted for the time of one program. */
export interface PrivateMount {
  /** A device or an image file. */
  readonly source: string;
  /** As `mount -t` takes them. */
  readonly types: string;
  readonly options: string;
}

/** One place for all: each mount is in a namespace of its own and is seen by nobody else. */
const place = '/run/cos/hook-mount';

const script = 'mount -t "$1" -o "$2" -- "$3" "$4" && shift 4 && exec "$@"';

/**
 * Runs a program while something is mounted. The mount is in a namespace that ends with the program, so nothing of it is left
 * when we are killed, and nobody else can step on it.
 */
export async function withPrivateMount(
  { source, types, options }: PrivateMount,
  words: (at: string) => readonly [string, ...string[]],
  context: PartContext,
): Promise<ExecResult> {
  const { files, scope } = context.target;
  if ((await files.stat(place, 'follow')) === undefined) {
    await makeParents(files, place, { mode: 0o755, uid: 0, gid: 0 });
    await files.makeDirectory({ path: place, mode: 0o700, uid: 0, gid: 0 });
  }
  // The namespace of a chroot stage lets nothing out already, and its root is no mount point that could be made private.
  const propagation = scope === 'chroot' ? 'unchanged' : 'private';
  const unshare = ['unshare', '--mount', '--propagation', propagation, '--'] as const;
  const mount = ['/bin/sh', '-c', script, 'sh', types, options, source, place] as const;
  return context.exec([...unshare, ...mount, ...words(place)]);
}
