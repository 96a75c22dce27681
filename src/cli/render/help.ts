/** Help, from the table of commands. */
import type { Argument, Command, Flag } from '../command.ts';
import { EXIT } from '../../exit-codes.ts';
import { byCode, EXIT_MEANINGS } from '../exit-meanings.ts';
import { GLOBAL_FLAGS } from '../global-flags.ts';
import { padded, wrapped } from './width.ts';

export interface HelpPage {
  readonly program: string;
  readonly columns: number;
}

export function programHelp(commands: readonly Command[], { program, columns }: HelpPage): string {
  const built = commands.filter(({ refused }) => refused !== true);
  const missing = commands.filter(({ refused }) => refused === true).map(({ name }) => name);
  return sections([
    ['', [`${program} changes the operating system of this machine so that it always boots.`]],
    ['Usage', [`  ${program} COMMAND [flags]`]],
    [
      'Commands',
      columnsOf(
        built.map(({ name, summary }) => [name, summary]),
        columns,
      ),
    ],
    ['Global flags', flagLines(GLOBAL_FLAGS, columns)],
    [
      'Examples',
      [
        `  ${program} status`,
        `  ${program} upgrade --system.uri dir:/mnt/new-root --reboot`,
        `  ${program} COMMAND --help`,
      ],
    ],
    ['Not built yet', wrapped(missing.join(', '), columns - 2).map((line) => `  ${line}`)],
  ]);
}

export function commandHelp(command: Command, { program, columns }: HelpPage): string {
  const flags = (command.flags ?? []).filter(({ deprecated }) => deprecated === undefined);
  const says = [command.summary, ...(command.description ?? [])];
  return sections([
    [
      '',
      says.flatMap((paragraph, index) => [
        ...(index > 0 ? [''] : []),
        ...wrapped(paragraph, columns),
      ]),
    ],
    ['Usage', [`  ${program} ${usage(command)}`]],
    ['Arguments', columnsOf((command.arguments ?? []).map(argumentLine), columns)],
    ['Flags', flagLines(flags, columns)],
    ['Global flags', flagLines(GLOBAL_FLAGS, columns)],
    [
      'Examples',
      command.examples.flatMap(({ says: what, line }) => [`  # ${what}`, `  ${program} ${line}`]),
    ],
    [
      'Exit codes',
      columnsOf(
        byCode(command.exits ?? []).map((name) => [String(EXIT[name]), EXIT_MEANINGS[name]]),
        columns,
      ),
    ],
  ]);
}

/** `history [ID] [flags]`. */
export function usage(command: Command): string {
  return [command.name, ...(command.arguments ?? []).map(argumentUsage), '[flags]'].join(' ');
}

function argumentUsage({ name, presence, choices }: Argument): string {
  const shown = choices === undefined ? name : choices.join('|');
  switch (presence) {
    case 'required':
      return shown;
    case 'optional':
      return `[${shown}]`;
    case 'at least one':
      return `${shown}...`;
    case 'any number':
      return `[${shown}...]`;
  }
}

const argumentLine = ({ name, says }: Argument): [string, string] => [name, says];

/** `-x, --squash-compression OPTIONS`. */
export function flagUsage({ name, short, value }: Flag): string {
  const placeholder = value === undefined ? '' : ` ${value}`;
  return `${short === undefined ? '    ' : `-${short}, `}--${name}${placeholder}`;
}

function flagLines(flags: readonly Flag[], columns: number): string[] {
  return columnsOf(
    flags.map((flag): [string, string] => [
      flagUsage(flag),
      flag.choices === undefined ? flag.says : `${flag.says} (${flag.choices.join(', ')})`,
    ]),
    columns,
  );
}

function columnsOf(rows: readonly (readonly [string, string])[], columns: number): string[] {
  const left = Math.min(34, Math.max(0, ...rows.map(([name]) => name.length)));
  const right = Math.max(24, columns - left - 4);
  return rows.flatMap(([name, says]) => {
    const [first = '', ...rest] = wrapped(says, right);
    const indent = `  ${' '.repeat(left)}  `;
    const wide = name.length > left;
    return [
      ...(wide ? [`  ${name}`, `${indent}${first}`] : [`  ${padded(name, left)}  ${first}`]),
      ...rest.map((line) => indent + line),
    ];
  });
}

function sections(blocks: readonly (readonly [string, readonly string[]])[]): string {
  return blocks
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => [...(title === '' ? [] : [`${title}:`]), ...lines].join('\n'))
    .join('\n\n');
}
