import { readConfig } from './cloud-config.ts';
import type { KeyRule, ObjectShape, Shape, Since, TextContent } from './decode/shape.ts';
import { knownStages } from './known-stages.ts';
import { readStep } from './step.ts';

type JsonSchema = Readonly<Record<string, unknown>>;

/** Which of the two forms of a document: `stages:`, or the one with the line `#cloud-config`. */
export type DocumentForm = 'stages' | 'cloud-config';

/**
 * JSON Schema (draft 2020-12) of hook files, for editors. Made of the declaration that reads them: what it refuses is
 * a wrong type, an unknown key, or an entry that would fail when it runs.
 */
export function hookFileSchema(form: DocumentForm): JsonSchema {
  const common = { $schema: 'https://json-schema.org/draft/2020-12/schema' };
  const $defs = { steps: schemaOf({ kind: 'list', item: readStep.shape }) };
  const stages = { ...stagesSchema, description: 'steps by the stage that runs them' };
  if (form === 'stages') {
    const name = { ...schemaOf({ kind: 'text' }), description: 'first half of the graph names' };
    return {
      ...common,
      title: 'hook file of stages',
      type: ['object', 'null'],
      properties: { name, stages },
      additionalProperties: false,
      $defs,
    };
  }
  const config = schemaOf(readConfig.shape);
  const properties = { ...asRecord(config['properties']), stages };
  return {
    ...common,
    title: 'hook file with the line #cloud-config',
    ...config,
    properties,
    $defs,
  };
}

const steps = { $ref: '#/$defs/steps' };
const stagesSchema: JsonSchema = {
  type: ['object', 'null'],
  properties: Object.fromEntries(
    knownStages
      .flatMap((stage) => [`${stage}.before`, stage, `${stage}.after`])
      .map((stage) => [stage, steps]),
  ),
  additionalProperties: steps,
};

function schemaOf(shape: Shape): JsonSchema {
  const description = describe(shape.says, shape.since);
  const schema = bareSchema(shape);
  return description === '' ? schema : { description, ...schema };
}

function describe(says: string | undefined, since: Since | undefined): string {
  const known =
    since === undefined ? '' : since === 'only here' ? '(slotwright only)' : `(since yip ${since})`;
  return [says ?? '', known].filter((part) => part !== '').join(' ');
}

function bareSchema(shape: Shape): JsonSchema {
  switch (shape.kind) {
    case 'text':
      return textSchema(shape.holds);
    case 'word':
      return { const: shape.word };
    case 'integer':
    case 'mode':
      return { type: ['integer', 'string', 'null'], minimum: 0, pattern: wholeNumber };
    case 'signed':
      return { type: ['integer', 'string', 'null'], pattern: `^-?${wholeNumber.slice(1)}` };
    case 'octal-mode':
      return { type: ['integer', 'string', 'null'], minimum: 0, pattern: '^(?:0o?)?[0-7]{1,4}$' };
    case 'flag':
      return { type: ['boolean', 'string', 'null'], pattern: truth };
    case 'anything':
      return {};
    case 'list':
      return { type: ['array', 'null'], items: schemaOf(shape.item) };
    case 'entries':
      return {
        type: ['object', 'null'],
        ...(shape.keys === undefined ? {} : { propertyNames: keySchema(shape.keys) }),
        additionalProperties: schemaOf(shape.value),
      };
    case 'object':
      return objectSchema(shape);
    case 'either':
      return { anyOf: shape.of.map(schemaOf) };
  }
}

/** Numbers in quotes are taken, too; those that YAML of today reads as text (`1_000`) as well. */
const wholeNumber =
  '^\\s*(?:\\+?(?:0[0-7_]*|0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|[1-9][0-9_]*(?:\\.0+)?))?\\s*$';
const truth =
  '^(?:y|Y|yes|Yes|YES|on|On|ON|true|True|TRUE|n|N|no|No|NO|off|Off|OFF|false|False|FALSE|)$';

function textSchema(holds: TextContent | undefined): JsonSchema {
  const scalar = { type: ['string', 'number', 'boolean', 'null'] };
  switch (holds?.what) {
    case 'choice':
      return holds.letterCase === 'exact' && holds.otherwise === 'fails'
        ? { enum: [...holds.words, '', null] }
        : { ...scalar, examples: [...holds.words] };
    case 'path':
      return { type: ['string', 'null'], pattern: '^(?:/|$)' };
    case 'address':
      return { type: ['string', 'null'], pattern: '^(?:[hH][tT][tT][pP][sS]?://\\S+)?$' };
    case 'template':
    case 'command':
    case 'content':
    case 'host-name':
    case 'expression':
    case 'entity':
    case 'password':
    case 'step':
    case 'unit':
    case undefined:
      return scalar;
  }
}

function keySchema({ pattern, words }: KeyRule): JsonSchema {
  return words === undefined ? { pattern: pattern.source } : { enum: [...words] };
}

function objectSchema({ fields, aliases, needs, otherwise }: ObjectShape): JsonSchema {
  const needed = otherwise === 'fails' ? needs : [];
  const spelled = [
    ...Object.entries(fields),
    ...Object.entries(aliases).flatMap(([spelling, proper]) => {
      const field = fields[proper];
      return field === undefined ? [] : [[spelling, field] as const];
    }),
  ];
  const properties = spelled.map(([key, field]) => {
    const schema = schemaOf(field);
    return [key, needed.includes(key) ? { ...schema, not: { enum: [null, ''] } } : schema] as const;
  });
  return {
    type: ['object', 'null'],
    properties: Object.fromEntries(properties),
    ...(needed.length === 0 ? {} : { required: [...needed] }),
    additionalProperties: false,
  };
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
