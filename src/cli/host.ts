/** The process as commands see it: arguments, streams, signals, clock. `main.ts` implements it, tests record it. */
import type { Environment } from '../config/environment.ts';

export interface Output {
  /** Never throws: a reader that went away is not our failure. */
  readonly write: (text: string) => void;
  /** True when a person watches. */
  readonly tty: boolean;
  readonly columns: number;
}

export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

export interface LogFile {
  readonly write: (text: string) => void;
  readonly close: () => Promise<void>;
}

export interface Host {
  /** Name it was called by: `slotwright` or `elemental`. */
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Environment;
  /** Working directory: where relative paths start. */
  readonly directory: string;
  readonly pid: number;
  readonly root: boolean;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Calls back for each signal that asks to stop; returns how to stop listening. */
  readonly onStop: (listener: (signal: StopSignal) => void) => () => void;
  /** Opens a log for appending, mode 0600. */
  readonly openLog: (path: string) => Promise<LogFile>;
  /** RFC 3339. */
  readonly now: () => string;
  /** Milliseconds that never go back. */
  readonly monotonic: () => number;
}
