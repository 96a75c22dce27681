/**
 * Every error a person or the log may see. One base: what failed (`message`), why (`reason`), what to do next (`hint`),
 * a stable `code` for scripts and the log, and the exit code. Never a stack trace at people.
 */
export interface ErrorParts {
  /** Stable, kebab-case; recorded in the log. */
  readonly code: string;
  /** What failed: one lower-case sentence without a full stop. */
  readonly message: string;
  /** Why, as far as it is known. */
  readonly reason?: string;
  /** The command to run, or the thing to change. */
  readonly hint?: string;
  /** Process exit code, see `src/exit-codes.ts`. */
  readonly exit?: number;
  readonly cause?: unknown;
}

/** An error as the log keeps it. */
export interface RecordedError {
  readonly code: string;
  readonly message: string;
  readonly reason?: string;
  readonly hint?: string;
  readonly exit?: number;
}

export class SlotwrightError extends Error {
  readonly code: string;
  readonly reason: string | undefined;
  readonly hint: string | undefined;
  readonly exit: number;

  constructor(parts: ErrorParts) {
    super(parts.message, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.name = new.target.name;
    this.code = parts.code;
    this.reason = parts.reason;
    this.hint = parts.hint;
    this.exit = parts.exit ?? 1;
  }
}

/** The person asked for something that cannot be asked for: wrong flags, wrong argument, refused request. */
export class UsageError extends SlotwrightError {}

/** A configuration file, environment variable or hook file is wrong. */
export class ConfigError extends SlotwrightError {}

/** The machine said no: a command failed, a device is missing, a disk is full. */
export class SystemError extends SlotwrightError {}

/** The event log is damaged where it may not be: it is never repaired in the middle. */
export class LogCorruptError extends SlotwrightError {}

/** Folding the log lands elsewhere than recorded: written by another version, or damaged with a valid chain. */
export class NonDeterminismError extends SlotwrightError {}

/** Another process holds the device. */
export class LockedError extends SlotwrightError {}

/** Stopped by a signal on purpose: recorded as interruption, never as failure. */
export class InterruptedError extends SlotwrightError {}

/** Plain data for the log; anything unknown becomes code `unexpected`. */
export function recordedError(error: unknown): RecordedError {
  if (error instanceof SlotwrightError) {
    return {
      code: error.code,
      message: error.message,
      ...(error.reason === undefined ? {} : { reason: error.reason }),
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      exit: error.exit,
    };
  }
  return { code: 'unexpected', message: error instanceof Error ? error.message : String(error) };
}
