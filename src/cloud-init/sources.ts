import { SlotwrightError } from '../errors.ts';
import { isStageWord } from './command-line.ts';
import type { Notation } from './document.ts';
import type { Target } from './target.ts';
import { splitWords } from './words.ts';
import { parseYaml } from './yaml/parse.ts';
import { YamlSyntaxError } from './yaml/syntax-error.ts';

/** One text with steps, or why it could not be had. */
export type SourceText = { readonly name: string } & (
  { readonly text: string } | { readonly error: string }
);

/** Reads what an argument names; the texts of one argument share one graph. */
export interface SourceReader {
  readonly target: Target;
  readonly signal: AbortSignal;
}

/** The texts below a path of the target: a file, or a directory's `.yaml` and `.yml` files; `undefined` when absent. */
export async function readPath(
  path: string,
  reader: SourceReader,
): Promise<readonly SourceText[] | undefined> {
  const found = await reader.target.files.stat(path, 'follow');
  if (found === undefined) {
    return undefined;
  }
  return found.kind === 'directory' ? walk(path, reader) : [await readText(path, reader)];
}

/** HTTP(S) only; any answer but 2xx is an error, its body is never read as configuration. */
export async function readUrl(url: string, reader: SourceReader): Promise<SourceText> {
  try {
    const answer = await reader.target.fetch({ url, signal: reader.signal });
    return answer.status >= 200 && answer.status < 300
      ? decoded(url, answer.bytes)
      : { name: url, error: `the server answered with status ${String(answer.status)}` };
  } catch (error) {
    return { name: url, error: reasonOf(error) };
  }
}

export function isUrl(argument: string): boolean {
  return /^https?:\/\/\S+$/i.test(argument);
}

/** Whether an argument that is no path may be meant as text: a mistyped path must not be read as configuration. */
export function isLiteral(argument: string, notation: Notation): boolean {
  if (argument.includes('\n')) {
    return true;
  }
  if (notation === 'dot') {
    return hasStageWords(argument);
  }
  try {
    return parseYaml(argument).root?.kind === 'mapping';
  } catch (error) {
    if (error instanceof YamlSyntaxError) {
      return false;
    }
    throw error;
  }
}

/** An open quote is told when the words are read. */
function hasStageWords(argument: string): boolean {
  try {
    return splitWords(argument).some(isStageWord);
  } catch (error) {
    if (error instanceof YamlSyntaxError) {
      return true;
    }
    throw error;
  }
}

/** Depth first, names in byte order, a directory in its place among its siblings; linked directories are not entered. */
async function walk(directory: string, reader: SourceReader): Promise<readonly SourceText[]> {
  const texts: SourceText[] = [];
  for (const name of await reader.target.files.list(directory)) {
    const path = `${directory.replace(/\/$/, '')}/${name}`;
    const found = await reader.target.files.stat(path, 'keep');
    if (found?.kind === 'directory') {
      texts.push(...(await walk(path, reader)));
    } else if (/\.ya?ml$/.test(name)) {
      texts.push(await readText(path, reader));
    }
  }
  return texts;
}

async function readText(path: string, reader: SourceReader): Promise<SourceText> {
  try {
    const bytes = await reader.target.files.read(path);
    return bytes === undefined
      ? { name: path, error: 'the file is not there' }
      : decoded(path, bytes);
  } catch (error) {
    return { name: path, error: reasonOf(error) };
  }
}

function decoded(name: string, bytes: Uint8Array): SourceText {
  try {
    return { name, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    // A TypeError: the bytes are no UTF-8.
    return { name, error: 'the text is no UTF-8' };
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof SlotwrightError) {
    return error.reason === undefined ? error.message : `${error.message}: ${error.reason}`;
  }
  throw error;
}
