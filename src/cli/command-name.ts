/** The command among the arguments, without parsing them: the first word that is neither a flag nor the value of a global one. */
const GLOBAL_WITH_VALUE = new Set(['--config-dir', '--logfile']);

export function commandNameOf(args: readonly string[]): string | undefined {
  for (let index = 0; index < args.length; index += 1) {
    const word = args[index] ?? '';
    if (word === '--') return undefined;
    if (!word.startsWith('-')) return word;
    if (GLOBAL_WITH_VALUE.has(word)) index += 1;
  }
  return undefined;
}
