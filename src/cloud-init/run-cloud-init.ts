import { EXIT } from '../exit-codes.ts';
import { UsageError } from '../errors.ts';
import type { HookEvent, StageResult } from '../system/port.ts';
import type { Notation } from './document.ts';
import { throwIfInterrupted } from './interruption.ts';
import { Report } from './report.ts';
import { runSource } from './run-source.ts';
import type { SourceText } from './sources.ts';
import { isLiteral, isUrl, readPath, readUrl } from './sources.ts';
import type { Target } from './target.ts';

export interface CloudInitRun {
  /** Run as it is, without `.before` and `.after`. */
  readonly stage: string;
  /** `-` alone, directories, files, URLs, or configuration text. */
  readonly sources: readonly string[];
  readonly notation: Notation;
  /** Reads standard input to its end; called at most once. */
  readonly stdin: () => Promise<string>;
  readonly target: Target;
  readonly signal: AbortSignal;
  readonly emit: (event: HookEvent) => Promise<void>;
  readonly show?: (text: string) => void;
}

/** Runs one stage over each of the sources, in their order; one that fails does not stop the next. */
export async function runCloudInit(run: CloudInitRun): Promise<StageResult> {
  if (run.sources.length === 0) {
    throw new UsageError({
      code: 'no-source-given',
      message: 'no cloud-init source was given',
      hint: 'name a file, a directory or a URL, or `-` for standard input',
      exit: EXIT.usage,
    });
  }
  const report = new Report(run.emit);
  for (const source of run.sources) {
    throwIfInterrupted(run.signal);
    await runSource(await readArgument(source, run), run.notation, {
      stage: run.stage,
      target: run.target,
      report,
      signal: run.signal,
      ...(run.show === undefined ? {} : { show: run.show }),
    });
  }
  return report.result();
}

/** What one of the arguments stands for; of one that stands for nothing, why. */
export async function readArgument(
  source: string,
  run: Pick<CloudInitRun, 'sources' | 'notation' | 'stdin' | 'target' | 'signal'>,
): Promise<readonly SourceText[]> {
  if (source === '-' && run.sources.length === 1) {
    return [{ name: '<STDIN>', text: await run.stdin() }];
  }
  const path = source.startsWith('/') ? source : `${run.target.workingDirectory}/${source}`;
  const texts = source.includes('\n') ? undefined : await readPath(path, run);
  if (texts !== undefined) {
    return texts;
  }
  if (isUrl(source)) {
    return [await readUrl(source, run)];
  }
  return isLiteral(source, run.notation)
    ? [{ name: '<argument>', text: source }]
    : [
        {
          name: source,
          error: 'there is no such file, and it is no URL and no configuration text',
        },
      ];
}
