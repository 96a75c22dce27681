import type { Reading } from './decode/reading.ts';
import { buildFromWords } from './dot-notation.ts';
import { splitWords } from './words.ts';
import type { YamlNode } from './yaml/node.ts';

/** Further sources that the kernel command line names, in its order. */
export function setupSources(commandLine: string): readonly string[] {
  return commandLine.split(/\s+/).flatMap((word) => {
    const found = /^(?:cos|elemental)\.setup=(.+)$/.exec(word)?.[1]?.replace(/^"(.*)"$/, '$1');
    return found === undefined ? [] : [found];
  });
}

/** The words of the kernel command line that are stage keys; all others belong to the kernel and to other programs. */
export function stageWords(commandLine: string): readonly string[] {
  return splitWords(commandLine).filter((word) => /^(?:stages[.[]|name=)/.test(word));
}

/** The document that the kernel command line holds, if any. */
export function readCommandLine(commandLine: string, reading: Reading): YamlNode | undefined {
  const words = stageWords(commandLine);
  return words.some((word) => word.startsWith('stages'))
    ? buildFromWords(words, reading)
    : undefined;
}
