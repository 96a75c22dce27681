/** Programs run by a small process that stays: a large one takes long to start another, because it is copied each time. */
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { SystemError } from '../errors.ts';
import { HOST_PATH } from '../sandbox/host-command.ts';

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, whatever that is. No argument has a line break. */
export type Run = (file: string, ...args: readonly string[]) => Promise<Ended>;

export interface Errands {
  readonly run: Run;
  /** Path of a path as the programs see it: their mounts are their own. `/mnt` is empty and theirs. */
  path(inside: string): string;
  end(): Promise<void>;
}

/** Runs one program after the other, in a mount namespace of its own. Nothing of it outlives this process. */
export function startErrands(folder: string): Errands {
  const runner = execa('setpriv', [...NAMESPACE, RUNNER, 'errands', folder], {
    env: { PATH: HOST_PATH, LC_ALL: 'C' },
    stdin: 'pipe',
    buffer: false,
    reject: false,
  });
  const waiting: { ended: (value: Ended) => void; failed: (error: Error) => void }[] = [];
  let lines: string[] = [];
  createInterface({ input: runner.stdout }).on('line', (line) => {
    const [, kind = '', text = ''] = /^(out|err|end) (.*)$/.exec(line) ?? [];
    if (kind !== 'end') {
      lines.push(line);
      return;
    }
    const said = (which: string): string =>
      lines.flatMap((one) => (one.startsWith(which) ? [one.slice(which.length)] : [])).join('\n');
    const ended = { code: Number(text), stdout: said('out '), stderr: said('err ') };
    lines = [];
    waiting.shift()?.ended(ended);
  });
  void runner.then(() => {
    for (const { failed } of waiting) failed(gone());
  });
  return {
    run: (file, ...args) =>
      new Promise((ended, failed) => {
        const all = [file, ...args];
        if (all.some((word) => word.includes('\n')))
          throw new RangeError(`no line breaks: ${file}`);
        waiting.push({ ended, failed });
        runner.stdin.write([String(all.length), ...all, ''].join('\n'));
      }),
    path: (inside) => `/proc/${String(runner.pid)}/root${inside}`,
    end: async () => {
      runner.stdin.end();
      await runner;
    },
  };
}

const NAMESPACE = '--pdeathsig KILL unshare --mount --propagation private sh -c'.split(' ');

/** Takes a number of words, then the words, a line each; tells what the program wrote, line by line, and how it ended. */
const RUNNER = `
mount -t tmpfs tmpfs /mnt || exit
out=$(mktemp "$1/out.XXXXXX") err=$(mktemp "$1/err.XXXXXX")
while read -r count; do
  set --
  while [ "$count" -gt 0 ]; do IFS= read -r word; set -- "$@" "$word"; count=$((count - 1)); done
  "$@" >"$out" 2>"$err" </dev/null
  code=$?
  while IFS= read -r line || [ -n "$line" ]; do printf 'out %s\\n' "$line"; done <"$out"
  while IFS= read -r line || [ -n "$line" ]; do printf 'err %s\\n' "$line"; done <"$err"
  printf 'end %s\\n' "$code"
done
rm -f "$out" "$err"
`;

function gone(): SystemError {
  return new SystemError({
    code: 'errands-ended',
    message: 'a disk could not be looked at',
    reason: 'the process that runs programs for it has ended',
    hint: 'run it again as root, where mount namespaces work',
  });
}
