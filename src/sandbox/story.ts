import type { Booted } from './boot.ts';
import type { Outcome } from './inside.ts';

/** Tells what happens, in plain lines that read well on a terminal and in a log. */
export interface Story {
  /** Starts a part and runs it; its duration is told at its end. */
  readonly part: <T>(title: string, work: () => Promise<T>) => Promise<T>;
  readonly line: (text: string) => void;
  /** A line of the summary: whether something came as promised. */
  readonly told: (good: boolean, text: string) => void;
  /** Some lines of a file or of output, set off from the story. */
  readonly quote: (text: string) => void;
  /** Quotes a stream as it comes, without empty lines and without progress. */
  readonly flow: () => Flow;
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
  const flow = (): Flow =>
    byLine((text) => {
      if (text.trim() !== '' && !PROGRESS.test(text)) quote(text);
    });
  return {
    line,
    told: (good, text) => line(`${good ? 'yes' : 'NO '}  ${text}`),
    quote,
    flow,
    part: async (title, work) => {
      const start = performance.now();
      output('');
      output(`${String((parts += 1))}  ${title}`);
      const result = await work();
      const took = performance.now() - start;
      if (took >= WORTH_TELLING_MS) line(`(${(took / 1000).toFixed(1)} s)`);
      return result;
    },
    show: async (booted, argv) => {
      line(`# ${argv.join(' ')}`);
      const output = flow();
      const outcome = await booted.run(argv, { onOutput: output.write });
      output.end();
      if (outcome.code !== 0) line(`  (exit code ${outcome.code})`);
      return outcome;
    },
  };
}

/** Takes text as it comes, in pieces of any size. */
export interface Flow {
  readonly write: (text: string) => void;
  readonly end: () => void;
}

const WORTH_TELLING_MS = 1000;

/** "step 6/17 deploy-image: 40%  146 MiB/s" */
const PROGRESS = /^step .*: +\d+%/;

function byLine(take: (line: string) => void): Flow {
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
