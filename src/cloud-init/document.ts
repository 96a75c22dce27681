import { isCloudConfig, readCloudConfig, readConfig } from './cloud-config.ts';
import { list, refuse, text } from './decode/decoder.ts';
import { unknownWord } from './decode/object.ts';
import type { CodedProblem, Reading } from './decode/reading.ts';
import { newReading } from './decode/reading.ts';
import { baseStage, knownStages } from './known-stages.ts';
import { parseDotNotation } from './dot-notation.ts';
import type { Step } from './step.ts';
import { readStep } from './step.ts';
import type { MappingNode, Position, YamlNode } from './yaml/node.ts';
import { isNull } from './yaml/node.ts';
import { parseYaml } from './yaml/parse.ts';
import { YamlSyntaxError } from './yaml/syntax-error.ts';

/** What one file says about one stage. */
export interface StageDocument {
  /** The top-level `name`, the first half of the steps' graph names. */
  readonly name?: string;
  readonly steps: readonly Step[];
  /** Any of these refuses the file for this stage: half a stage is worse than none. */
  readonly errors: readonly CodedProblem[];
  /** What is wrong with the `stages` of a cloud-config file: they are left out, its other keys count all the same. */
  readonly lost: readonly CodedProblem[];
  readonly warnings: readonly CodedProblem[];
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
  const { root, form, reading } = readTree(source, asked.notation);
  return form === 'stages' ? documentOf(root, asked, reading) : cloudConfigOf(root, asked, reading);
}

/** A text as a tree, and what was found on the way there. */
export interface DocumentTree {
  /** Absent when the text is empty or cannot be read. */
  readonly root?: YamlNode;
  readonly form: 'stages' | 'cloud-config';
  readonly reading: Reading;
  readonly second?: Position;
}

/** Reads a text as far as its tree. Never throws: a text that is no document has an error in `reading`. */
export function readTree(source: string, notation: Notation): DocumentTree {
  const reading = newReading();
  const form = notation === 'yaml' && isCloudConfig(source) ? 'cloud-config' : 'stages';
  try {
    if (notation === 'dot') {
      const root = parseDotNotation(source, reading);
      return { form, reading, ...(root === undefined ? {} : { root }) };
    }
    const { duplicates, ...parsed } = parseYaml(source);
    for (const { key, first, last } of duplicates) {
      const message = `\`${key}\` is given twice (lines ${String(first.line)} and ${String(last.line)}); the last one counts`;
      reading.warnings.push({ code: 'duplicate-key', message, at: last });
    }
    return { form, reading, ...parsed };
  } catch (error) {
    if (!(error instanceof YamlSyntaxError)) {
      throw error;
    }
    const at = error.at ?? { line: 1, column: 1 };
    reading.errors.push({ code: 'syntax', message: error.message, at });
    return { form, reading };
  }
}

/** One stage of a document that is already a tree; `reading` holds what was found on the way there. */
export function documentOf(
  root: YamlNode | undefined,
  asked: { readonly stage: string },
  reading: Reading,
): StageDocument {
  const mapping = topMapping(root, reading);
  const name = mapping === undefined ? undefined : readName(mapping, reading);
  if (mapping !== undefined) {
    warnOfUnknownKeys(mapping, reading);
  }
  const steps = mapping === undefined ? [] : stepsOf(mapping, asked.stage, reading);
  return {
    ...(name ? { name } : {}),
    steps,
    errors: reading.errors,
    lost: [],
    warnings: reading.warnings,
  };
}

function cloudConfigOf(
  root: YamlNode | undefined,
  asked: { readonly stage: string },
  reading: Reading,
): StageDocument {
  const mapping = topMapping(root, reading);
  const own = mapping === undefined ? [] : readCloudConfig(mapping, asked.stage, reading);
  const ofStages = newReading();
  const listed = mapping === undefined ? [] : stepsOf(mapping, asked.stage, ofStages);
  return {
    steps: ofStages.errors.length > 0 ? own : [...own, ...listed],
    errors: reading.errors,
    lost: ofStages.errors,
    warnings: [...reading.warnings, ...ofStages.warnings],
  };
}

/** The top of a document, unless it is empty; anything but a mapping is an error. */
export function topMapping(root: YamlNode | undefined, reading: Reading): MappingNode | undefined {
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

/** One stage of a document, under the name that the document gives it. */
export interface ListedStage {
  readonly stage: string;
  readonly at: Position;
  readonly steps: readonly Step[];
  readonly reading: Reading;
}

/** All stages below `stages`; what is wrong with one of them stands in its own reading. */
export function listedStages(root: MappingNode, reading: Reading): readonly ListedStage[] {
  const stages = root.entries.find((entry) => entry.key === 'stages')?.value;
  if (stages === undefined || isNull(stages)) {
    return [];
  }
  if (stages.kind !== 'mapping') {
    return refuse(reading, { what: 'stages', wanted: 'a mapping', node: stages }, []);
  }
  return stages.entries.map(({ key, at, value }) => {
    const found = newReading();
    return {
      stage: key,
      at,
      steps: list(readStep)(value, found, `stages.${key}`),
      reading: found,
    };
  });
}

function stepsOf(root: MappingNode, asked: string, reading: Reading): readonly Step[] {
  let steps: readonly Step[] = [];
  for (const listed of listedStages(root, reading)) {
    if (listed.stage === asked) {
      steps = listed.steps;
      reading.errors.push(...listed.reading.errors);
      reading.warnings.push(...listed.reading.warnings);
    } else {
      reading.warnings.push(...listed.reading.errors);
    }
  }
  return steps;
}

/** The top-level `name`. */
export function readName(root: MappingNode, reading: Reading): string | undefined {
  const entry = root.entries.find((candidate) => candidate.key === 'name');
  return entry === undefined ? undefined : text(entry.value, reading, 'name');
}

const topKeys = ['name', 'stages'];

export function warnOfUnknownKeys(root: MappingNode, reading: Reading): void {
  const { shape } = readConfig;
  const ofCloudConfig = shape.kind === 'object' ? Object.keys(shape.fields) : [];
  for (const { key, at } of root.entries.filter((entry) => !topKeys.includes(entry.key))) {
    const unknown = unknownWord(key, topKeys, 'at the top');
    reading.warnings.push({ ...unknown, ...meantAs(key, unknown.message, ofCloudConfig), at });
  }
}

/** Where a key at the top would have a meaning. */
function meantAs(
  key: string,
  message: string,
  ofCloudConfig: readonly string[],
): { readonly message: string; readonly expected: string } | undefined {
  if (knownStages.includes(baseStage(key))) {
    return { message: `${message}: a stage stands below \`stages\``, expected: `stages.${key}` };
  }
  return ofCloudConfig.includes(key)
    ? {
        message: `${message}: the file has no line \`#cloud-config\` at its start`,
        expected: '#cloud-config as the first line',
      }
    : undefined;
}
