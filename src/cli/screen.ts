/**
 * Where words go: answers to stdout, everything else to stderr, all of it to the log file. One status line at most is
 * alive, at the bottom of stderr, and gives way to every other line.
 */
import type { Host, LogFile } from './host.ts';
import type { GlobalOptions } from './command.ts';
import { truncate } from './render/width.ts';

export interface Screen {
  /** What the command was asked for. */
  readonly answer: (text: string) => void;
  /** One line for people; nothing with `--quiet`. */
  readonly note: (line: string) => void;
  /** One line that only `--debug` shows. */
  readonly detail: (line: string) => void;
  /** A failure: shown whatever was asked. */
  readonly failure: (text: string) => void;
  /** Replaces the status line; only where `live`. */
  readonly status: (line: string) => void;
  readonly clearStatus: () => void;
  /** True when a status line can be rewritten in place. */
  readonly live: boolean;
  readonly close: () => Promise<void>;
}

export interface ScreenOptions extends Pick<GlobalOptions, 'debug' | 'quiet'> {
  readonly log: LogFile | undefined;
}

export function createScreen(host: Host, options: ScreenOptions): Screen {
  const { stderr, stdout } = host;
  const live = stderr.tty && !options.quiet && host.environment['TERM'] !== 'dumb';
  let status = '';
  const draw = (text: string) => {
    if (live) stderr.write(`\r\u001B[K${text}`);
  };
  const line = (text: string) => {
    if (status !== '') draw('');
    stderr.write(`${text}\n`);
    if (status !== '') draw(status);
  };
  const log = (text: string) => {
    for (const part of text.split('\n')) options.log?.write(`${host.now()} ${part}\n`);
  };
  return {
    live,
    answer: (text) => {
      if (status !== '') draw('');
      status = '';
      stdout.write(text.endsWith('\n') ? text : `${text}\n`);
      log(text.trimEnd());
    },
    note: (text) => {
      if (!options.quiet) line(text);
      log(text);
    },
    detail: (text) => {
      if (options.debug && !options.quiet) line(text);
      log(text);
    },
    failure: (text) => {
      line(text);
      log(text);
    },
    status: (text) => {
      const shown = truncate(text, stderr.columns - 1);
      if (!live || shown === status) return;
      status = shown;
      draw(shown);
    },
    clearStatus: () => {
      if (status !== '') draw('');
      status = '';
    },
    close: async () => options.log?.close(),
  };
}
