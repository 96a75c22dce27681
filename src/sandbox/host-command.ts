import { execa } from 'execa';
import { SystemError } from '../errors.ts';

export interface HostCommandOptions {
  readonly cwd?: string;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs a program of the machine that hosts the sandbox and returns its standard output. A program that is missing or
 * fails is a `SystemError` with the end of what it said.
 */
export async function hostCommand(
  file: string,
  args: readonly string[],
  options: HostCommandOptions = {},
): Promise<string> {
  const result = await execa(file, args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.input === undefined ? { stdin: 'ignore' } : { input: options.input }),
    env: { PATH: HOST_PATH, LC_ALL: 'C', ...options.env },
    reject: false,
  });
  if (result.failed) {
    throw new SystemError({
      code: result.exitCode === undefined ? 'host-command-missing' : 'host-command-failed',
      message: `${file} failed while working on the sandbox`,
      reason: tail(result.stderr) || (result.shortMessage ?? 'it said nothing'),
      hint: 'run `slotwright sandbox create` again; if it stays, run the command by hand: ' + file,
      cause: result,
    });
  }
  return result.stdout;
}

/** The administrator's programs are not on every user's path. */
export const HOST_PATH = `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin`;

function tail(text: string): string {
  return text.trim().split('\n').slice(-4).join('; ');
}
