/** Runs a command line in process with recorded streams. */
import type { Host, StopSignal } from '../../src/cli/host.ts';
import { runProgram } from '../../src/cli/program.ts';
import type { Services } from '../../src/cli/services.ts';
import { fakeServices } from './fake-services.ts';

export interface CliOptions {
  readonly services?: Partial<Services>;
  readonly host?: Partial<Host>;
  /** A terminal of this width on both streams. */
  readonly terminal?: number;
}

export interface CliResult {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly log: string;
  readonly stop: (signal: StopSignal) => void;
}

export type Running = Promise<CliResult> & { readonly stop: (signal: StopSignal) => void };

export function runCli(line: string | readonly string[], options: CliOptions = {}): Running {
  const out = { stdout: '', stderr: '', log: '' };
  const listeners = new Set<(signal: StopSignal) => void>();
  const output = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => void (out[name] += text),
    tty: options.terminal !== undefined,
    columns: options.terminal ?? 100,
  });
  let clock = 0;
  const host: Host = {
    program: 'slotwright',
    args: typeof line === 'string' ? line.split(' ').filter((word) => word !== '') : line,
    environment: {},
    directory: '/work',
    pid: 4711,
    root: true,
    stdout: output('stdout'),
    stderr: output('stderr'),
    onStop: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    openLog: async () => ({
      write: (text) => void (out.log += text),
      close: async () => undefined,
    }),
    now: () => '2026-03-01T12:00:00.000Z',
    monotonic: () => (clock += 1000),
    ...options.host,
  };
  const stop = (signal: StopSignal) => {
    for (const listener of listeners) listener(signal);
  };
  const running = runProgram(host, async () => fakeServices(options.services)).then((exit) => ({
    exit,
    ...out,
    stop,
  }));
  return Object.assign(running, { stop });
}
