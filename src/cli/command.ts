/** What a command is: plain data and one function. Help, completion and `docs/commands.md` are made from the same table. */
import type { z } from 'zod';
import type { GivenFlags } from '../config/flags.ts';
import type { EXIT } from '../exit-codes.ts';
import type { Host } from './host.ts';
import type { Screen } from './screen.ts';
import type { Services } from './services.ts';

export interface Flag {
  /** Without dashes; public API. */
  readonly name: string;
  /** One letter. */
  readonly short?: string;
  /** Placeholder of its value; without one it is a switch. */
  readonly value?: string;
  readonly choices?: readonly string[];
  /** May be given several times. */
  readonly repeatable?: boolean;
  /** What the value is, for completion. */
  readonly completes?: 'file' | 'directory';
  readonly says: string;
  /** Configuration key that it sets. */
  readonly key?: string;
  /** What to use instead: kept out of help, told when used. */
  readonly deprecated?: string;
}

export interface Argument {
  /** Upper case. */
  readonly name: string;
  readonly says: string;
  readonly presence: 'required' | 'optional' | 'any number' | 'at least one';
  readonly choices?: readonly string[];
  readonly completes?: 'file' | 'directory';
}

export interface Example {
  readonly says: string;
  /** After the name of the program. */
  readonly line: string;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** Further paragraphs of help. */
  readonly description?: readonly string[];
  readonly arguments?: readonly Argument[];
  readonly flags?: readonly Flag[];
  readonly examples: readonly Example[];
  /** `machine`: needs root and runs in a private mount namespace. */
  readonly changes?: 'machine';
  /** Known for compatibility, refused: any flag is accepted so that the refusal is what is told. */
  readonly refused?: true;
  /** Exit codes worth telling, beside 0 and 1. */
  readonly exits?: readonly (keyof typeof EXIT)[];
  /** What `--json` prints when it succeeds. */
  readonly output: z.ZodType;
  readonly run: (context: Context, invocation: Invocation) => Promise<CommandResult>;
}

export interface Invocation {
  readonly command: Command;
  readonly arguments: readonly string[];
  readonly flags: GivenFlags;
}

export interface GlobalOptions {
  readonly configDir: string | undefined;
  readonly debug: boolean;
  readonly quiet: boolean;
  readonly json: boolean;
  readonly logfile: string | undefined;
}

export interface Context {
  readonly host: Host;
  readonly screen: Screen;
  readonly globals: GlobalOptions;
  /** Loads the rest of the program on first use. */
  readonly services: () => Promise<Services>;
}

export interface CommandResult {
  readonly exit: number;
  /** For `--json`; `ok` is added by whoever prints it. */
  readonly document: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** An `answer` was asked for and is always printed; a `summary` is left out with `--quiet`. */
  readonly says: 'answer' | 'summary';
  /** After the result was shown: reboot. */
  readonly afterwards?: () => Promise<void>;
}

/** The value of a flag that takes one. */
export function textFlag({ flags }: Invocation, name: string): string | undefined {
  const value = flags[name];
  return typeof value === 'string' ? value : undefined;
}

export function isGiven({ flags }: Invocation, name: string): boolean {
  return flags[name] === true;
}
