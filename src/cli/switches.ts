/**
 * The reference's flag parser takes `--strict=false` and `-x=VALUE`; scripts rely on it. Rewritten before ours sees it.
 */
import { UsageError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { commandNameOf } from './command-name.ts';
import type { Command } from './command.ts';
import { GLOBAL_FLAGS } from './global-flags.ts';

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

export interface Switches {
  readonly words: readonly string[];
  /** Switches that were given as off: they win over the configuration. */
  readonly off: Readonly<Record<string, false>>;
}

export function normalizeSwitches(args: readonly string[], commands: readonly Command[]): Switches {
  const name = commandNameOf(args);
  const command = commands.find((one) => one.name === name);
  const flags = [...GLOBAL_FLAGS, ...(command?.flags ?? [])];
  const words: string[] = [];
  const off: Record<string, false> = {};
  const end = args.indexOf('--');
  const own = end === -1 ? args : args.slice(0, end);
  for (const word of own) {
    const [, dashes, called = '', value = ''] = /^(--?)([^-=][^=]*)=(.*)$/s.exec(word) ?? [];
    const flag = flags.find((one) => (dashes === '--' ? one.name : one.short) === called);
    if (dashes === undefined || flag === undefined) words.push(word);
    else if (flag.value !== undefined) words.push(`--${flag.name}`, value);
    else if (TRUE.has(value)) words.push(`--${flag.name}`);
    else if (FALSE.has(value)) off[flag.name] = false;
    else throw notASwitch(flag.name, value);
  }
  return { words: [...words, ...args.slice(own.length)], off };
}

function notASwitch(name: string, value: string): UsageError {
  return new UsageError({
    code: 'flag-invalid',
    message: `--${name} cannot be "${value}"`,
    reason: 'it is a switch: true or false',
    hint: `write --${name}, or --${name}=false`,
    exit: EXIT.usage,
  });
}
