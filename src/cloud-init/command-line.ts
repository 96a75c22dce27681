import type { CodedProblem } from './decode/reading.ts';
import { newReading } from './decode/reading.ts';
import { buildFromWords } from './dot-notation.ts';
import { readWord } from './words.ts';
import type { YamlNode } from './yaml/node.ts';

/** Further sources that the kernel command line names, in its order. */
export function setupSources(commandLine: string): readonly string[] {
  return wordsOf(commandLine).flatMap(({ text }) => {
    const found = /^(?:cos|elemental)\.setup=(.+)$/.exec(text)?.[1];
    return found === undefined ? [] : [found];
  });
}

/** The words of the kernel command line that are stage keys; all others belong to the kernel and to other programs. */
export function stageWords(commandLine: string): readonly string[] {
  return wordsOf(commandLine).flatMap(({ text, kind }) => (kind === 'stage' ? [text] : []));
}

/** Whether a word of dot notation is about stages. */
export function isStageWord(word: string): boolean {
  return /^(?:stages[.[]|name=)/.test(word);
}

/** What the kernel command line says about stages. */
export interface CommandLineStages {
  /** The document that its words make, if there is any. */
  readonly root?: YamlNode;
  /** The words that had to be left out; the others count all the same. */
  readonly lost: readonly CodedProblem[];
  readonly warnings: readonly CodedProblem[];
}

export function readCommandLine(commandLine: string): CommandLineStages {
  const reading = newReading();
  const open = wordsOf(commandLine).filter(({ kind }) => kind === 'open');
  const words = stageWords(commandLine);
  const root = words.some((word) => word.startsWith('stages'))
    ? buildFromWords(words, reading)
    : undefined;
  return {
    ...(root === undefined ? {} : { root }),
    lost: [...open.map(openQuote), ...reading.errors],
    warnings: reading.warnings,
  };
}

interface CommandLineWord {
  readonly text: string;
  /** `open`: a stage key with a quote that is not closed; as text it has what stands there up to the next blank. */
  readonly kind: 'stage' | 'open' | 'other';
  /** Offset in the command line. */
  readonly begin: number;
}

/**
 * The kernel knows one quote, `"`, and nobody else's words may be read as more than that: `it's` is a word. The words that
 * are stage keys are read as a shell would read them, but an apostrophe is a quote only where a value begins with it.
 */
function wordsOf(commandLine: string): readonly CommandLineWord[] {
  const words: CommandLineWord[] = [];
  const word = /\s*(?:("?(?:stages[.[]|name=))|((?:[^\s"]|"[^"]*")+)|(\S+))/y;
  for (let at = 0; ;) {
    word.lastIndex = at;
    const match = word.exec(commandLine);
    if (match === null) {
      return words;
    }
    const [all, stage, sound, torn = ''] = match;
    if (stage === undefined) {
      at = word.lastIndex;
      const text = (sound ?? torn).replaceAll('"', '');
      words.push({ text, kind: 'other', begin: at - (sound ?? torn).length });
      continue;
    }
    const begin = at + all.length - stage.length;
    const raw = /\S*/.exec(commandLine.slice(begin))?.[0] ?? '';
    const quotes = /^"?[^=]*='/.test(raw) ? 'both' : 'double';
    const { word: text, end, closed } = readWord(commandLine, begin, quotes);
    words.push(closed ? { text, kind: 'stage', begin } : { text: raw, kind: 'open', begin });
    at = closed ? end : begin + raw.length;
  }
}

function openQuote({ text, begin }: CommandLineWord): CodedProblem {
  const message = `a quote is not closed, the word is left out: \`${text}\``;
  return { code: 'open-quote', message, at: { line: 1, column: begin + 1 } };
}
