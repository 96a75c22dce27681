/** The host of a real process. */
import type { Clock } from '../system/port.ts';
import type { Host, Output, StopSignal } from './host.ts';
import { programName } from './program-name.ts';

const SIGNALS: readonly StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** What a process does not bring along: files and time come from the composition root. */
export interface ProcessParts {
  readonly openLog: Host['openLog'];
  readonly clock: Clock;
}

export function processHost({ openLog, clock }: ProcessParts): Host {
  return {
    program: programName(process.argv[1]),
    args: process.argv.slice(2),
    environment: process.env,
    directory: process.cwd(),
    pid: process.pid,
    root: process.getuid?.() === 0,
    stdout: outputOf(process.stdout),
    stderr: outputOf(process.stderr),
    onStop,
    openLog,
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
  };
}

function outputOf(stream: NodeJS.WriteStream): Output {
  let gone = false;
  // `history | head` closes the pipe; what is left to say has no reader, and the work goes on.
  stream.on('error', () => (gone = true));
  return {
    write: (text) => {
      if (!gone) stream.write(text);
    },
    get tty() {
      return stream.isTTY;
    },
    get columns() {
      return stream.isTTY ? stream.columns : 100;
    },
  };
}

function onStop(listener: (signal: StopSignal) => void): () => void {
  for (const signal of SIGNALS) process.on(signal, listener);
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener);
  };
}
