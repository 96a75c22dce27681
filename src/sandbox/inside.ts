import { constants } from 'node:os';
import { execa } from 'execa';
import { HOST_PATH } from './host-command.ts';
import { childOf } from './process-tree.ts';

export interface InsideOptions {
  /** Added to the few variables that every command inside gets; nothing of the host's environment is passed on. */
  readonly env?: Readonly<Record<string, string>>;
  /** Output as it comes, standard output and standard error alike. */
  readonly onOutput?: (text: string) => void;
  /** `inherit`: the terminal of the caller, for a shell. Default `capture`. */
  readonly terminal?: 'capture' | 'inherit';
}

/** What a command inside came to. */
export interface Outcome {
  /** Exit code; 128 and the number of the signal when one ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs in a booted sandbox. */
export interface RunningInside {
  readonly outcome: Promise<Outcome>;
  /** Signals the command itself; resolves when it was sent. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Ends what waits for the command on the host. It stops together with the command, so it may outlive it. */
  abandon(): void;
}

/** Starts a command in the namespaces of the process with this id. */
export function startInside(
  pid: number,
  argv: readonly string[],
  options: InsideOptions = {},
): RunningInside {
  const [file = 'true', ...args] = argv;
  const terminal = options.terminal === 'inherit';
  const child = execa(
    'setpriv',
    [...ENTER, String(pid), '--', '/usr/bin/env', '-i', ...environment(options), file, ...args],
    {
      env: { PATH: HOST_PATH },
      stdin: terminal ? 'inherit' : 'ignore',
      stdout: terminal ? 'inherit' : 'pipe',
      stderr: terminal ? 'inherit' : 'pipe',
      reject: false,
      stripFinalNewline: false,
    },
  );
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => options.onOutput?.(text));
  }
  return {
    outcome: child.then(({ exitCode, signal, stdout, stderr }) => ({
      code: exitCode ?? 128 + signalNumber(signal),
      stdout: stdout ?? '',
      stderr: stderr ?? '',
    })),
    kill: async (signal) => {
      process.kill(await childOf(child.pid), signal);
    },
    abandon: () => {
      child.kill('SIGKILL');
    },
  };
}

const ENTER = [
  '--pdeathsig',
  'KILL',
  'nsenter',
  '--mount',
  '--pid',
  '--uts',
  '--root',
  '--wd',
  '--target',
];

function environment(options: InsideOptions): string[] {
  const variables = {
    PATH: '/run/slotwright/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: '/root',
    LANG: 'C.UTF-8',
    TERM: process.env['TERM'] ?? 'dumb',
    ...options.env,
  };
  return Object.entries(variables).map(([name, value]) => `${name}=${value}`);
}

function signalNumber(signal: NodeJS.Signals | undefined): number {
  return signal === undefined ? 0 : constants.signals[signal];
}
