import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { realpath } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { SystemError } from '../../errors.ts';
import { fileError } from './confined-error.ts';
import { ConfinedFiles } from './confined-files.ts';
import { lendResolver } from './chroot-resolver.ts';

/** A root that commands can be run in, with the machine's devices and its own processes. */
export interface Chroot {
  /** The target's files as its own processes see them. */
  readonly files: ConfinedFiles;
  /** Words before a program that lead into the target. */
  readonly prefix: readonly string[];
  /** Ends all processes of the target and undoes its mounts. Resolves when the root is free again. */
  close(): Promise<void>;
}

/**
 * Opens a root for a chroot stage. One holder process keeps a mount and a PID namespace of its own; commands enter them.
 * It dies with this process (also by SIGKILL), and with it everything that hooks have left behind and every mount. The
 * root itself and what is mounted below it belong to the caller. Throws a `SystemError` of code `chroot-failed`.
 */
export async function openChroot(path: string): Promise<Chroot> {
  // A link on the way would be followed in this process's mounts, not in the holder's.
  const root = await realpath(path).catch((error: unknown) => {
    throw fileError('open', path, error);
  });
  const tree = await ConfinedFiles.open(root);
  try {
    await makeMountPoints(tree);
  } finally {
    await tree.close();
  }
  const holder = new Holder(root);
  try {
    const pid = await holder.ready();
    const files = await ConfinedFiles.open(`/proc/${pid}/root${root}`, lent);
    const resolver = await lendResolver(files);
    return {
      files,
      prefix: [
        'nsenter',
        `--mount=/proc/${pid}/ns/mnt`,
        `--pid=/proc/${pid}/ns/pid`,
        // Entering a mount namespace leads to its own root, which is not ours where this program runs in a chroot itself
        // (an orchestrator's container that changed into the host's root).
        `--root=/proc/${pid}/root`,
        '--',
        'chroot',
        root,
      ],
      async close() {
        try {
          await resolver.takeBack();
        } finally {
          await files.close();
          await holder.end();
        }
      },
    };
  } catch (error) {
    await holder.end();
    throw error;
  }
}

/** Mounted from the machine, or a view of its kernel. */
const lent = ['dev', 'proc', 'sys'];
const mountPoints = ['dev', 'proc', 'run', 'sys', 'tmp'];

async function makeMountPoints(tree: ConfinedFiles): Promise<void> {
  for (const name of mountPoints) {
    if ((await tree.stat(`/${name}`, 'keep')) === undefined) {
      const mode = name === 'tmp' ? 0o1777 : 0o755;
      await tree.makeDirectory({ path: `/${name}`, mode, uid: 0, gid: 0 });
    }
  }
}

/**
 * What the holder runs, with the root as its one argument. A mount point that is a link is left alone: it could lead out
 * of the root. The process id is read through the old /proc, so it is the one that we know it by.
 */
const holderScript = `
set -eu
root=$1
read -r pid rest < /proc/self/stat
over() {
  if [ -d "$root/$1" ] && [ ! -L "$root/$1" ]; then shift; "$@"; fi
}
over dev mount --bind /dev "$root/dev"
if [ -d /dev/pts ]; then over dev/pts mount --bind /dev/pts "$root/dev/pts"; fi
over dev/shm mount -t tmpfs -o mode=1777,nosuid,nodev slotwright "$root/dev/shm"
over sys mount --bind /sys "$root/sys"
over proc mount -t proc proc "$root/proc"
over run mount -t tmpfs -o mode=0755,nosuid,nodev slotwright "$root/run"
over tmp mount -t tmpfs -o mode=1777,nosuid,nodev slotwright "$root/tmp"
echo "ready $pid"
exec cat > /dev/null
`;

/** The process that keeps the namespaces. Its standard input is our life line: at its end it ends. */
class Holder {
  private readonly child: ChildProcess;
  private readonly gone: Promise<void>;
  private said = '';

  constructor(root: string) {
    this.child = spawn(
      'setpriv',
      [
        ...['--pdeathsig', 'KILL', '--'],
        ...[
          'unshare',
          '--mount',
          '--pid',
          '--fork',
          '--kill-child',
          '--propagation',
          'slave',
          '--',
        ],
        ...['sh', '-c', holderScript, 'slotwright-chroot', root],
      ],
      {
        cwd: '/',
        stdio: ['pipe', 'pipe', 'pipe'],
        env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C' },
      },
    );
    this.child.stdin?.on('error', () => undefined);
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.said = `${this.said}${chunk.toString('utf8')}`.slice(-2000);
    });
    this.gone = new Promise((resolve) => {
      this.child.once('close', () => resolve());
      this.child.once('error', (error) => {
        this.said += error.message;
        resolve();
      });
    });
  }

  /** The process id, once everything is mounted. */
  async ready(): Promise<string> {
    const { stdout } = this.child;
    const line = await Promise.race([
      this.gone.then(() => ''),
      new Promise<string>((resolve) => {
        if (stdout !== null) {
          createInterface({ input: stdout }).once('line', resolve);
        }
      }),
    ]);
    const pid = /^ready (\d+)$/.exec(line)?.[1];
    if (pid === undefined) {
      throw new SystemError({
        code: 'chroot-failed',
        message: 'cannot set up the root for the chroot stage',
        reason: this.said.trim() || `the holder said \`${line}\``,
        hint: 'setpriv, unshare, nsenter, mount and chroot must be there, and this must run as root',
      });
    }
    return pid;
  }

  /** SIGKILL to the first process of a PID namespace ends all of them; the kernel waits for that before it is gone. */
  async end(): Promise<void> {
    this.child.stdin?.end();
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 10_000);
    await this.gone;
    clearTimeout(timer);
  }
}
