import type { Booted } from './boot.ts';
import type { Outcome } from './inside.ts';

/** Tells what happens, in plain lines that read well on a terminal and in a log. */
export interface Story {
  /** Starts a part and runs it; its duration is told at its end. */
  readonly part: <T>(title: string, work: () => Promise<T>) => Promise<T>;
  readonly line: (text: string) => void;
  /** Some lines of a file or of output, set off from the story. */
  readonly quote: (text: string) => void;
  /** Runs a command inside and shows it with what it says. */
  readonly show: (booted: Booted, argv: readonly string[]) => Promise<Outcome>;
}

/** A story told through `output`, which gets one line at a time. */
export function createStory(output: (line: string) => void): Story {
  let parts = 0;
  const line = (text: string): void => output(text === '' ? '' : `   ${text}`);
  const quote = (text: string): void => {
    for (const one of text.trimEnd().split('\n')) line(`  | ${one}`.trimEnd());
  };
  return {
    line,
    quote,
    part: async (title, work) => {
      const start = performance.now();
      output('');
      output(`${String((parts += 1))}  ${title}`);
      const result = await work();
      line(`(${seconds(performance.now() - start)})`);
      return result;
    },
    show: async (booted, argv) => {
      line(`# ${argv.join(' ')}`);
      const flow = lineByLine(quote);
      const outcome = await booted.run(argv, { onOutput: flow.write });
      flow.end();
      if (outcome.code !== 0) line(`  (exit code ${outcome.code})`);
      return outcome;
    },
  };
}

/** Cuts a stream of text into lines. */
export function lineByLine(take: (line: string) => void): {
  readonly write: (text: string) => void;
  readonly end: () => void;
} {
  let rest = '';
  return {
    write: (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      lines.forEach(take);
    },
    end: () => {
      if (rest !== '') take(rest);
      rest = '';
    },
  };
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
