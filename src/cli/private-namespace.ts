/**
 * Commands that change the machine run in a mount namespace of their own: when the process dies, by whatever cause, its
 * mounts die with it (law 5). Light on imports: this comes before everything else.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { commandNameOf } from './command-name.ts';
import { programName } from './program-name.ts';

/** Set for the process inside; counts only when it names the parent, so that it is never inherited by a hook's own calls. */
export const MARKER = 'SLOTWRIGHT_PRIVATE_NAMESPACE';

/** Every command of the catalog that changes the machine; a list of its own, because loading the catalog takes longer than this. */
export const CHANGING: ReadonlySet<string> = new Set([
  'upgrade',
  'upgrade-recovery',
  'rollback',
  'promote',
  'reset',
  'deploy',
  'install',
  'plan',
  'doctor',
  'pull-image',
  'resume',
  'abort',
  'assess-boot',
  'confirm',
]);

const FORWARDED: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGWINCH'];
const CANNOT_RUN = 11;
const KILLED = 128 + constants.signals.SIGKILL;

export interface Caller {
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly root: boolean;
  readonly parent: number;
}

/** True when this process must start itself again inside a namespace. */
export function needsNamespace({ args, environment, root, parent }: Caller): boolean {
  if (!root || environment[MARKER] === String(parent)) return false;
  if (args.includes('--help') || args.includes('-h')) return false;
  return CHANGING.has(commandNameOf(args) ?? '');
}

/**
 * Runs the same command line inside, and resolves with its exit code. The parent only waits and passes signals on; it dies
 * with the child and the child with it.
 */
export async function runInNamespace(
  command: readonly string[],
  tell: (text: string) => void,
): Promise<number> {
  const inside = [
    '--pdeathsig',
    'KILL',
    'unshare',
    '--mount',
    '--propagation',
    'slave',
    ...command,
  ];
  const forwards = new Map<NodeJS.Signals, () => void>();
  try {
    // A session of its own: Ctrl-C then reaches it once, from us, instead of twice.
    const child = spawn('setpriv', inside, {
      stdio: 'inherit',
      detached: true,
      env: { ...process.env, [MARKER]: String(process.pid) },
    });
    for (const signal of FORWARDED) {
      const forward = () => void child.kill(signal);
      process.on(signal, forward);
      forwards.set(signal, forward);
    }
    const code = await exitOf(child);
    if (code === KILLED) tell(killed());
    return code;
  } catch (error) {
    tell(`error: the command could not be run in a private mount namespace
  why:  ${error instanceof Error ? error.message : String(error)}
  next: install util-linux (setpriv and unshare), then run it again
`);
    return CANNOT_RUN;
  } finally {
    for (const [signal, forward] of forwards) process.off(signal, forward);
  }
}

function killed(): string {
  const name = programName(process.argv[1]);
  return `error: the command was killed
  why:  by a person, or by the kernel for want of memory
  next: "${name} resume" continues what it owed, "${name} status" shows it
`;
}

/** A death by signal becomes 128 + its number, as shells say it. */
function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
