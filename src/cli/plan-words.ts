/** `plan upgrade ...` is `upgrade --dry-run ...`: two ways to write one command line. */
import type { Command } from './command.ts';
import { commandNameOf } from './command-name.ts';
import { DRY_RUN } from './shared-flags.ts';

export function asDryRun(args: readonly string[], commands: readonly Command[]): readonly string[] {
  if (commandNameOf(args) !== 'plan') return args;
  const at = args.indexOf('plan');
  const rest = args.slice(at + 1);
  const name = commandNameOf(rest);
  if (!commands.some((command) => command.name === name && canBePlanned(command))) return args;
  const end = rest.indexOf(name ?? '') + 1;
  return [...args.slice(0, at), ...rest.slice(0, end), `--${DRY_RUN.name}`, ...rest.slice(end)];
}

export function canBePlanned({ flags = [] }: Command): boolean {
  return flags.includes(DRY_RUN);
}
