import { readArgument } from '../run-cloud-init.ts';
import type { SourceText } from '../sources.ts';
import type { Target } from '../target.ts';
import type { PlacedFinding } from './finding.ts';
import { lintTexts } from './lint.ts';

export interface LintRun {
  /** As those of `cloud-init`: `-` alone, directories, files, URLs, or configuration text. */
  readonly sources: readonly string[];
  readonly stdin: () => Promise<string>;
  readonly target: Target;
  readonly signal: AbortSignal;
}

/** What was checked, and what was found. */
export interface LintResult {
  readonly files: readonly string[];
  readonly findings: readonly PlacedFinding[];
}

/** Reads the sources and checks all of them together. Files of a relative source are named as it is. */
export async function lintSources(run: LintRun): Promise<LintResult> {
  const texts: SourceText[] = [];
  for (const source of run.sources) {
    const found = await readArgument(source, { ...run, notation: 'yaml' });
    const none = { name: source, error: 'there is no .yaml or .yml file in it' };
    const directory = `${run.target.workingDirectory}/`;
    for (const text of found.length === 0 ? [none] : found) {
      const isBelow = !source.startsWith('/') && text.name.startsWith(directory);
      texts.push(isBelow ? { ...text, name: text.name.slice(directory.length) } : text);
    }
  }
  return { files: texts.map(({ name }) => name), findings: lintTexts(texts) };
}
