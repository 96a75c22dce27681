import type { Decoder } from './decode/decoder.ts';
import { entries, list, refuse, text } from './decode/decoder.ts';
import type { Problem, Reading } from './decode/reading.ts';
import { newReading } from './decode/reading.ts';
import { isCloudConfig, readCloudConfig } from './cloud-config.ts';
import { closestWord } from './decode/closest-word.ts';
import { parseDotNotation } from './dot-notation.ts';
import type { Step } from './step.ts';
import { readStep } from './step.ts';
import type { MappingNode, YamlNode } from './yaml/node.ts';
import { isNull } from './yaml/node.ts';
import { parseYaml } from './yaml/parse.ts';
import { YamlSyntaxError } from './yaml/syntax-error.ts';

/** What one file says about one stage. */
export interface StageDocument {
  /** The top-level `name`, the first half of the steps' graph names. */
  readonly name?: string;
  readonly steps: readonly Step[];
  /** Any of these refuses the file for this stage: half a stage is worse than none. */
  readonly errors: readonly Problem[];
  readonly warnings: readonly Problem[];
}

export type Notation = 'yaml' | 'dot';

/**
 * Reads one stage out of a text. Never throws: what is wrong is listed with its place. A wrong type in a stage that was
 * not asked for is a warning only, so that it cannot stop the others.
 */
export function readDocument(
  source: string,
  asked: { readonly stage: string; readonly notation: Notation },
): StageDocument {
  const reading = newReading();
  try {
    if (asked.notation === 'dot') {
      return documentOf(parseDotNotation(source, reading), asked, reading);
    }
    const root = yaml(source, reading);
    return isCloudConfig(source)
      ? cloudConfigOf(root, asked, reading)
      : documentOf(root, asked, reading);
  } catch (error) {
    if (!(error instanceof YamlSyntaxError)) {
      throw error;
    }
    const problem = { message: error.message, ...(error.at === undefined ? {} : { at: error.at }) };
    return { steps: [], errors: [problem], warnings: reading.warnings };
  }
}

function yaml(source: string, reading: Reading): YamlNode | undefined {
  const { root, duplicates } = parseYaml(source);
  for (const { key, first, last } of duplicates) {
    const message = `\`${key}\` is given twice (lines ${String(first.line)} and ${String(last.line)}); the last one counts`;
    reading.warnings.push({ message, at: last });
  }
  return root;
}

/** One stage of a document that is already a tree; `reading` holds what was found on the way there. */
export function documentOf(
  root: YamlNode | undefined,
  asked: { readonly stage: string },
  reading: Reading,
): StageDocument {
  const mapping = topMapping(root, reading);
  const name = mapping === undefined ? undefined : topLevel(mapping, 'name', text, reading);
  if (mapping !== undefined) {
    warnOfUnknownKeys(mapping, reading);
  }
  const steps = mapping === undefined ? [] : stepsOf(mapping, asked.stage, reading);
  return {
    ...(name ? { name } : {}),
    steps,
    errors: reading.errors,
    warnings: reading.warnings,
  };
}

function cloudConfigOf(
  root: YamlNode | undefined,
  asked: { readonly stage: string },
  reading: Reading,
): StageDocument {
  const mapping = topMapping(root, reading);
  const steps =
    mapping === undefined
      ? []
      : [
          ...readCloudConfig(mapping, asked.stage, reading),
          ...stepsOf(mapping, asked.stage, reading),
        ];
  return { steps, errors: reading.errors, warnings: reading.warnings };
}

function topMapping(root: YamlNode | undefined, reading: Reading): MappingNode | undefined {
  if (root === undefined || isNull(root)) {
    return undefined;
  }
  return root.kind === 'mapping'
    ? root
    : refuse<MappingNode | undefined>(
        reading,
        { what: 'the document', wanted: 'a mapping', node: root },
        undefined,
      );
}

function stepsOf(root: MappingNode, asked: string, reading: Reading): readonly Step[] {
  const stages = root.entries.find((entry) => entry.key === 'stages')?.value;
  if (stages === undefined || isNull(stages)) {
    return [];
  }
  if (stages.kind !== 'mapping') {
    return refuse(reading, { what: 'stages', wanted: 'a mapping', node: stages }, []);
  }
  let steps: readonly Step[] = [];
  for (const stage of stages.entries) {
    const found = newReading();
    const decoded = list(readStep)(stage.value, found, `stages.${stage.key}`);
    if (stage.key === asked) {
      steps = decoded;
      reading.errors.push(...found.errors);
      reading.warnings.push(...found.warnings);
    } else {
      reading.warnings.push(...found.errors);
    }
  }
  return steps;
}

function topLevel<T>(
  root: MappingNode,
  key: string,
  decoder: Decoder<T>,
  reading: Reading,
): T | undefined {
  const entry = root.entries.find((candidate) => candidate.key === key);
  return entry === undefined ? undefined : decoder(entry.value, reading, key);
}

function warnOfUnknownKeys(root: MappingNode, reading: Reading): void {
  const known = ['name', 'stages'];
  for (const entry of entries((node) => node)(root, reading, 'the document')) {
    if (!known.includes(entry.key)) {
      const meant = closestWord(entry.key, known);
      const hint = meant === undefined ? '' : `, did you mean \`${meant}\`?`;
      reading.warnings.push({
        message: `unknown key \`${entry.key}\` at the top has no effect${hint}`,
        at: entry.at,
      });
    }
  }
}
