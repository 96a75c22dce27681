/** `docs/commands.md` and `docs/exit-codes.md`, from the same tables as help. */
import type { Argument, Command, Flag } from '../command.ts';
import { EXIT } from '../../exit-codes.ts';
import { byCode, EXIT_MEANINGS } from '../exit-meanings.ts';
import { GLOBAL_FLAGS } from '../global-flags.ts';
import { flagUsage, usage } from './help.ts';

const GENERATED =
  '<!-- Generated from the table of commands: change src/cli, then run the tests with -u. -->';

export function commandsDocument(commands: readonly Command[]): string {
  const built = commands.filter(({ refused }) => refused !== true);
  const missing = commands.filter(({ refused }) => refused === true);
  return (
    [
      GENERATED,
      '# Commands',
      '`slotwright` and `elemental` are the same program. A switch may be given as `--strict=false`, which wins over the configuration.',
      '## Flags of every command',
      flagTable(GLOBAL_FLAGS),
      ...built.flatMap(section),
      '## Not built yet',
      'Known, refused with exit 98 before anything is touched:',
      missing
        .map(({ name, summary }) => `- \`${name}\`: ${summary.replace(' (not built yet)', '')}`)
        .join('\n'),
      '',
    ]
      .join('\n\n')
      .trimEnd() + '\n'
  );
}

export function exitCodesDocument(): string {
  const entries = Object.entries(EXIT) as [keyof typeof EXIT, number][];
  return (
    [
      GENERATED,
      '# Exit codes',
      '10 to 89 and 255 are those that the documentation of the reference promises; 90 to 99 are ours.',
      [
        '| code | meaning |',
        '| --- | --- |',
        ...entries.map(([name, code]) => `| ${code} | ${EXIT_MEANINGS[name]} |`),
      ].join('\n'),
      '',
    ]
      .join('\n\n')
      .trimEnd() + '\n'
  );
}

function section(command: Command): string[] {
  const flags = (command.flags ?? []).filter(({ deprecated }) => deprecated === undefined);
  const old = (command.flags ?? []).filter(({ deprecated }) => deprecated !== undefined);
  return [
    `## ${command.name}`,
    `${sentence(command.summary)}${command.changes === undefined ? '' : ' Needs root.'}`,
    ...(command.description ?? []),
    fenced([`slotwright ${usage(command)}`]),
    ...(command.arguments ?? []).map(argumentLine),
    ...(flags.length === 0 ? [] : [flagTable(flags)]),
    ...(old.length === 0 ? [] : [`Deprecated: ${old.map(deprecation).join('; ')}.`]),
    fenced(command.examples.flatMap(({ says, line }) => [`# ${says}`, `slotwright ${line}`])),
    ...(command.exits === undefined
      ? []
      : [
          `Exit codes: ${byCode(command.exits)
            .map((name) => `${EXIT[name]} ${EXIT_MEANINGS[name]}`)
            .join('; ')}.`,
        ]),
  ];
}

function flagTable(flags: readonly Flag[]): string {
  return [
    '| flag | key | meaning |',
    '| --- | --- | --- |',
    ...flags.map(
      (flag) =>
        `| \`${flagUsage(flag).trim()}\` | ${flag.key === undefined ? '' : `\`${flag.key}\``} | ${flag.says}${flag.choices === undefined ? '' : ` (${flag.choices.join(', ')})`} |`,
    ),
  ].join('\n');
}

const argumentLine = ({ name, says, presence, choices }: Argument): string =>
  `\`${name}\` (${presence}): ${says}${choices === undefined ? '' : `: ${choices.join(', ')}`}.`;
const deprecation = ({ name, deprecated }: Flag): string => `\`--${name}\` (${deprecated ?? ''})`;
const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
const fenced = (lines: readonly string[]): string => ['```sh', ...lines, '```'].join('\n');
