/** Completion scripts, from the table of commands. Static: no program is run while somebody presses tab. */
import type { Argument, Command, Flag } from '../command.ts';
import { GLOBAL_FLAGS } from '../global-flags.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

const PROGRAMS = ['slotwright', 'elemental'] as const;

export function completionScript(shell: Shell, commands: readonly Command[]): string {
  const offered = commands.filter(({ refused }) => refused !== true);
  switch (shell) {
    case 'bash':
      return bash(offered);
    case 'zsh':
      return zsh(offered);
    case 'fish':
      return fish(offered);
  }
}

function bash(commands: readonly Command[]): string {
  const all = commands.flatMap(flagsOf);
  const files = all.filter(({ completes }) => completes !== undefined);
  const values = all.filter(
    ({ value, choices, completes }) =>
      value !== undefined && choices === undefined && completes === undefined,
  );
  return `# bash completion for ${PROGRAMS.join(' and ')}
_slotwright() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" command="" at
  for ((at = 1; at < COMP_CWORD; at++)); do
    case "\${COMP_WORDS[at]}" in
      --config-dir|--logfile) ((at++)) ;;
      -*) ;;
      *) command="\${COMP_WORDS[at]}"; break ;;
    esac
  done
  case "$command $before" in
${commands.flatMap(choicesOf).join('\n')}
  esac
  case "$before" in
    ${names(files)}) COMPREPLY=($(compgen -f -- "$word")); return ;;
    ${names(values)}) return ;;
  esac
  case "$command" in
    "") COMPREPLY=($(compgen -W "${[...commands.map(({ name }) => name), ...globalWords].join(' ')}" -- "$word")) ;;
${commands.map((command) => `    ${command.name}) COMPREPLY=($(compgen -W "${words(command).join(' ')}" ${takesFiles(command) ? '-f ' : ''}-- "$word")) ;;`).join('\n')}
  esac
}
complete -o default -F _slotwright ${PROGRAMS.join(' ')}
`;
}

function zsh(commands: readonly Command[]): string {
  const described = (name: string, says: string) => `'${quoted(`${colons(name)}:${says}`)}'`;
  return `#compdef ${PROGRAMS.join(' ')}
_slotwright() {
  local -a commands
  commands=(
${commands.map(({ name, summary }) => `    ${described(name, summary)}`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  case "$words[2]" in
${commands.map(zshCommand).join('\n')}
  esac
}
compdef _slotwright ${PROGRAMS.join(' ')}
`;
}

function zshCommand(command: Command): string {
  const specs = [
    ...flagsOf(command).map(zshFlag),
    ...(command.arguments ?? []).map((argument) => `'*:${argument.name}:${zshValue(argument)}'`),
  ];
  return `    ${command.name}) _arguments ${specs.join(' ')} ;;`;
}

function zshFlag(flag: Flag): string {
  const says = quoted(flag.says.replace(/[[\]]/g, ''));
  const value = flag.value === undefined ? '' : `=:${flag.value}:${zshValue(flag)}`;
  return `'${flag.repeatable === true ? '*' : ''}--${flag.name}${value === '' ? '' : '='}[${says}]${value.slice(1)}'`;
}

function zshValue({ choices, completes }: Pick<Flag, 'choices' | 'completes'>): string {
  if (choices !== undefined) return `(${choices.join(' ')})`;
  return completes === undefined ? ' ' : completes === 'file' ? '_files' : '_files -/';
}

function fish(commands: readonly Command[]): string {
  const lines = PROGRAMS.flatMap((program) => [
    `complete -c ${program} -f`,
    ...commands.flatMap((command) => [
      `complete -c ${program} -n __fish_use_subcommand -a ${command.name} -d '${fishQuoted(command.summary)}'`,
      ...flagsOf(command).map((flag) => fishFlag(program, command, flag)),
      ...(command.arguments ?? []).flatMap((argument) => fishArgument(program, command, argument)),
    ]),
  ]);
  return `# fish completion for ${PROGRAMS.join(' and ')}\n${lines.join('\n')}\n`;
}

function fishFlag(program: string, command: Command, flag: Flag): string {
  const short = flag.short === undefined ? '' : ` -s ${flag.short}`;
  const value = flag.value === undefined ? '' : flag.completes === undefined ? ' -x' : ' -r -F';
  const choices = flag.choices === undefined ? '' : ` -a '${flag.choices.join(' ')}'`;
  return `complete -c ${program} -n '__fish_seen_subcommand_from ${command.name}' -l ${flag.name}${short}${value}${choices} -d '${fishQuoted(flag.says)}'`;
}

function fishArgument(program: string, command: Command, argument: Argument): string[] {
  const seen = `complete -c ${program} -n '__fish_seen_subcommand_from ${command.name}'`;
  if (argument.choices !== undefined) return [`${seen} -a '${argument.choices.join(' ')}'`];
  return argument.completes === undefined ? [] : [`${seen} -F`];
}

/** By command: a flag of the same name may take something else elsewhere. */
function choicesOf(command: Command): string[] {
  return flagsOf(command).flatMap(({ name, choices }) =>
    choices === undefined
      ? []
      : [
          `    "${command.name} --${name}") COMPREPLY=($(compgen -W "${choices.join(' ')}" -- "$word")); return ;;`,
        ],
  );
}

function flagsOf(command: Command): readonly Flag[] {
  const own = (command.flags ?? []).filter(({ deprecated }) => deprecated === undefined);
  return [...own, ...GLOBAL_FLAGS];
}

function words(command: Command): string[] {
  return [
    ...flagsOf(command).map(({ name }) => `--${name}`),
    '--help',
    ...(command.arguments ?? []).flatMap(({ choices }) => choices ?? []),
  ];
}

const globalWords = [...GLOBAL_FLAGS.map(({ name }) => `--${name}`), '--help'];
const takesFiles = (command: Command) =>
  (command.arguments ?? []).some(({ completes }) => completes !== undefined);
const names = (flags: readonly Flag[]) =>
  [...new Set(flags.map(({ name }) => `--${name}`))].join('|');
const colons = (text: string) => text.replace(/:/g, '\\:');
const quoted = (text: string) => text.replace(/'/g, `'\\''`);
const fishQuoted = (text: string) => text.replace(/\\/g, '\\\\').replace(/'/g, `\\'`);
