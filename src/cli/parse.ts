/** From arguments to an invocation, by commander; its complaints become our errors. */
import { Argument as Positional, Command as Parser, CommanderError, Option } from 'commander';
import type { GivenFlags } from '../config/flags.ts';
import { GLOBAL_FLAGS } from './global-flags.ts';
import type { Command, Flag, Invocation } from './command.ts';
import { commandNameOf } from './command-name.ts';
import { asDryRun } from './plan-words.ts';
import { normalizeSwitches } from './switches.ts';
import { usageError } from './usage-error.ts';

export type Parsed =
  | { readonly kind: 'run'; readonly invocation: Invocation }
  /** Without a command: help about everything. `asked` is false when it stands for a missing command. */
  | { readonly kind: 'help'; readonly command: Command | undefined; readonly asked: boolean };

/** Throws a `UsageError` of exit 1 for what cannot be understood. */
export function parse(
  program: string,
  args: readonly string[],
  commands: readonly Command[],
): Parsed {
  const { words, off } = normalizeSwitches(asDryRun(args, commands), commands);
  let parsed: Parsed | undefined;
  const parser = silent(new Parser(program)).helpCommand(false).helpOption(false);
  addFlags(parser, GLOBAL_FLAGS);
  for (const command of commands) {
    const sub = silent(parser.command(command.name)).helpOption(false);
    addFlags(sub, [...GLOBAL_FLAGS, ...(command.flags ?? [])]);
    addArguments(sub, command);
    sub.action(() => {
      const flags = { ...given(parser, command), ...given(sub, command), ...off };
      parsed = { kind: 'run', invocation: { command, arguments: sub.args, flags } };
    });
  }
  const asked = helpAsked(words, commands);
  if (asked !== undefined) return asked;
  const told = commandNameOf(words) === 'help' ? words.filter((word) => word !== 'help') : words;
  try {
    parser.parse([...told], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.help') return { kind: 'help', command: undefined, asked: false };
    throw usageError(error, program, words, commands);
  }
  return parsed ?? { kind: 'help', command: undefined, asked: false };
}

/** `help`, `help COMMAND`, `-h` and `--help` anywhere before `--`: help wins over every complaint. */
function helpAsked(words: readonly string[], commands: readonly Command[]): Parsed | undefined {
  const end = words.indexOf('--');
  const own = end === -1 ? words : words.slice(0, end);
  const name = commandNameOf(own);
  const named = (wanted: string | undefined) => commands.find(({ name: one }) => one === wanted);
  if (name === 'help') {
    const topic = commandNameOf(own.slice(own.indexOf('help') + 1));
    const command = named(topic);
    if (topic !== undefined && command === undefined) return undefined;
    return { kind: 'help', command, asked: true };
  }
  if (!own.some((word) => word === '-h' || word === '--help')) return undefined;
  return { kind: 'help', command: named(name), asked: true };
}

function silent(parser: Parser): Parser {
  return parser
    .exitOverride()
    .configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
}

function addFlags(parser: Parser, flags: readonly Flag[]): void {
  for (const flag of flags) {
    const names = `${flag.short === undefined ? '' : `-${flag.short}, `}--${flag.name}`;
    const option = new Option(flag.value === undefined ? names : `${names} <${flag.value}>`);
    if (flag.choices !== undefined) option.choices([...flag.choices]);
    if (flag.repeatable === true) {
      option.argParser((value: string, before: readonly string[] | undefined) => [
        ...(before ?? []),
        value,
      ]);
    }
    parser.addOption(option);
  }
}

function addArguments(parser: Parser, command: Command): void {
  if (command.refused === true) parser.allowUnknownOption().allowExcessArguments();
  for (const argument of command.arguments ?? []) {
    const many = argument.presence === 'any number' || argument.presence === 'at least one';
    const needed = argument.presence === 'required' || argument.presence === 'at least one';
    const name = many ? `${argument.name}...` : argument.name;
    const positional = new Positional(needed ? `<${name}>` : `[${name}]`);
    if (argument.choices !== undefined) positional.choices([...argument.choices]);
    parser.addArgument(positional);
  }
}

/** Only what was given on the command line counts; commander's names go back to ours. */
function given(parser: Parser, command: Command): GivenFlags {
  const names = [...GLOBAL_FLAGS, ...(command.flags ?? [])].map(({ name }) => name);
  const found = parser.options.flatMap((option): [string, string | boolean | string[]][] => {
    const name = option.long?.slice(2) ?? '';
    const key = option.attributeName();
    if (!names.includes(name) || parser.getOptionValueSource(key) !== 'cli') return [];
    const said: unknown = parser.getOptionValue(key);
    // What is called `no-…` is a switch of that name here, and the opposite of one for commander.
    const value = option.negate ? said === false : said;
    if (Array.isArray(value)) return [[name, value.map(String)]];
    return typeof value === 'string' || typeof value === 'boolean' ? [[name, value]] : [];
  });
  return Object.fromEntries(found);
}
