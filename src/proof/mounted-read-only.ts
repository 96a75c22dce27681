import { execa } from 'execa';
import { SystemError } from '../errors.ts';
import { HOST_PATH } from '../sandbox/host-command.ts';

/** A file system in a file. */
export interface FileSystemInFile {
  readonly file: string;
  /** Where it begins and how long it is; default: all of the file. */
  readonly offset?: number;
  readonly bytes?: number;
  /** `replay`: the kernel brings a journal up to date first, which writes into the file. */
  readonly journal: 'replay' | 'ignore';
}

/**
 * Lets the kernel mount file systems read-only in a namespace of its own while `work` looks at them. `work` gets a path for
 * each, or `undefined` for one that the kernel refuses. Nothing of it outlives this call or this process.
 */
export async function whileMounted<T>(
  fileSystems: readonly FileSystemInFile[],
  work: (roots: readonly (string | undefined)[]) => Promise<T>,
): Promise<T> {
  const holder = execa('setpriv', [...NAMESPACE, MOUNT_ALL, 'mount', ...argumentsOf(fileSystems)], {
    env: { PATH: HOST_PATH, LC_ALL: 'C' },
    stdin: 'pipe',
    reject: false,
  });
  try {
    const said = new Promise<string>((resolve) => {
      let text = '';
      holder.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes('ready\n')) resolve(text);
      });
    });
    const text = await Promise.race([said, holder.then(() => undefined)]);
    if (text === undefined) throw unmountable((await holder).stderr);
    const mounted = text.split('\n');
    const roots = fileSystems.map((_, index) =>
      mounted.includes(`mounted ${String(index)}`)
        ? `/proc/${String(holder.pid)}/root/mnt/${String(index)}`
        : undefined,
    );
    return await work(roots);
  } finally {
    holder.stdin.end();
    await holder;
  }
}

const NAMESPACE = '--pdeathsig KILL unshare --mount --propagation private sh -c'.split(' ');

/**
 * Takes where to mount, the file, its place in it and what becomes of the journal. The descriptor keeps the loop device alive until it is
 * mounted; it frees itself when it is not.
 */
export const MOUNT_ONE = [
  'mkdir -p "$1"',
  'mode=',
  '[ "$5" = replay ] || mode=--read-only',
  'loop=$(losetup --find --show $mode --offset "$3" --sizelimit "$4" "$2") || exit 1',
  'exec 9<"$loop"',
  'losetup --detach "$loop"',
  'mount -o ro "$loop" "$1"',
  'result=$?',
  'exec 9<&-',
  '[ "$result" = 0 ]',
].join('; ');

const MOUNT_ALL = `
set -eu
mount_one() { ${MOUNT_ONE}; }
mount -t tmpfs tmpfs /mnt
while [ $# -gt 0 ]; do
  if mount_one "/mnt/$1" "$2" "$3" "$4" "$5"; then echo "mounted $1"; fi
  shift 5
done
echo ready
read -r end || true
`;

function argumentsOf(fileSystems: readonly FileSystemInFile[]): readonly string[] {
  return fileSystems.flatMap(({ file, offset = 0, bytes = 0, journal }, index) => [
    String(index),
    file,
    String(offset),
    String(bytes),
    journal,
  ]);
}

function unmountable(stderr: string): SystemError {
  return new SystemError({
    code: 'cold-disk-unreadable',
    message: 'the file systems of a powered-off disk could not be looked at',
    reason: stderr.trim() || 'the mounting shell ended without a word',
    hint: 'run it as root, where loop devices and mount namespaces work',
  });
}
