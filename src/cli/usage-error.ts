/** What commander complains about, in our three parts. */
import type { CommanderError } from 'commander';
import { UsageError } from '../errors.ts';
import { commandNameOf } from './command-name.ts';
import type { Command } from './command.ts';
import { EXIT } from '../exit-codes.ts';

export function usageError(
  error: CommanderError,
  program: string,
  words: readonly string[],
  commands: readonly Command[],
): UsageError {
  const name = commandNameOf(words);
  const named = commands.some((command) => command.name === name) ? name : undefined;
  const subject = named === undefined ? program : `${program} ${named}`;
  const help = `${subject} --help`;
  const [first = '', second] = error.message.replace(/^error: /, '').split('\n');
  const guess = /Did you mean (?:one of )?(.+)\?\)/.exec(second ?? '')?.[1];
  const { code, message, reason } = complaint(error.code, first, subject);
  return new UsageError({
    code,
    message,
    ...(reason === undefined ? {} : { reason }),
    hint:
      guess === undefined ? `run "${help}"` : `did you mean ${guess}? "${help}" shows all of them`,
    exit: EXIT.usage,
  });
}

interface Complaint {
  readonly code: string;
  readonly message: string;
  readonly reason?: string;
}

/** commander says most of it in one line; what it names stands in quotes. */
function complaint(code: string, said: string, subject: string): Complaint {
  const [named = '', value] = [...said.matchAll(/'([^']*)'/g)].map((match) => match[1] ?? '');
  const flag = /--\S+/.exec(named)?.[0];
  const expected = /Expected (\d+) arguments?/.exec(said)?.[1];
  switch (code) {
    case 'commander.unknownCommand':
      return {
        code: 'command-unknown',
        message: `there is no command "${named}"`,
        reason: `${subject} does not know it`,
      };
    case 'commander.unknownOption':
      return {
        code: 'flag-unknown',
        message: `there is no flag ${named}`,
        reason: `"${subject}" does not know it`,
      };
    case 'commander.excessArguments':
      return {
        code: 'argument-unexpected',
        message: `too many arguments for "${subject}"`,
        reason:
          expected === '0' ? 'it takes flags only' : `it takes ${expected ?? 'fewer'} at most`,
      };
    case 'commander.missingArgument':
      return { code: 'argument-missing', message: `"${subject}" needs ${named}` };
    case 'commander.optionMissingArgument':
      return { code: 'flag-without-value', message: `${flag ?? named} needs a value` };
    case 'commander.invalidArgument': {
      const choices = /Allowed choices are (.*?)\.?$/.exec(said)?.[1];
      return {
        code: 'argument-invalid',
        message:
          flag === undefined
            ? `"${subject}" cannot take "${named}"`
            : `${flag} cannot be "${value ?? ''}"`,
        ...(choices === undefined
          ? {}
          : { reason: `it takes ${choices.replace(/, ([^,]*)$/, ' or $1')}` }),
      };
    }
    default:
      return { code: 'usage', message: said.replace(/'/g, '"') };
  }
}

/** A value that commander lets pass and nobody can use; `wanted` completes "it is". */
export function misused(command: string, flag: string, value: string, wanted: string): UsageError {
  return new UsageError({
    code: 'flag-value',
    message: `${flag} ${JSON.stringify(value)} cannot be understood`,
    reason: `it is ${wanted}`,
    hint: `see "slotwright ${command} --help"`,
    exit: EXIT.usage,
  });
}
