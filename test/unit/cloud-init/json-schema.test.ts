/** The schema for editors, judged by a validator that is not ours, and held against what the reader says. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/cloud-init/cloud-config.ts';
import { readTree } from '../../../src/cloud-init/document.ts';
import { hookFileSchema } from '../../../src/cloud-init/json-schema.ts';
import { knownStages } from '../../../src/cloud-init/known-stages.ts';
import { lintTexts } from '../../../src/cloud-init/lint/lint.ts';
import { parts } from '../../../src/cloud-init/parts/catalog.ts';
import { readStep } from '../../../src/cloud-init/step.ts';
import type { YamlNode } from '../../../src/cloud-init/yaml/node.ts';
import { OPERATIONS } from '../../../machines/catalog.ts';
import { hookDocument } from '../../support/cloud-init/documents.ts';

const ajv = new Ajv2020({ allowUnionTypes: true, strict: true });
const validators = {
  stages: ajv.compile(hookFileSchema('stages')),
  'cloud-config': ajv.compile(hookFileSchema('cloud-config')),
};

/** A document as editors see it: YAML of today, in which `0644` is a number and `yes` a word. */
function asJson(node: YamlNode | undefined): unknown {
  switch (node?.kind) {
    case undefined:
      return null;
    case 'sequence':
      return node.items.map(asJson);
    case 'mapping':
      return Object.fromEntries(node.entries.map(({ key, value }) => [key, asJson(value)]));
    case 'scalar':
      return node.style === 'text' ? node.text : plain(node.text);
  }
}

function plain(text: string): unknown {
  if (/^(?:|~|null|Null|NULL)$/.test(text)) return null;
  if (/^(?:true|True|TRUE)$/.test(text)) return true;
  if (/^(?:false|False|FALSE)$/.test(text)) return false;
  if (/^(?:0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)$/.test(text))
    return Number(text);
  return text;
}

/** What the schema can see, of what `lint` finds. */
const visible = [
  ...['error wrong-type', 'warning unknown-key', 'error missing-key', 'error relative-path'],
  ...['error bad-address', 'error unknown-word', 'error bad-key', 'warning bad-key'],
];

function judge(text: string) {
  const { root, form } = readTree(text, 'yaml');
  const findings = lintTexts([{ name: 'f', text }]).filter(({ code, severity }) =>
    visible.includes(`${severity} ${code}`),
  );
  const validate = validators[form];
  return { valid: validate(asJson(root)), findings, errors: validate.errors ?? [] };
}

describe('the schema of hook files', () => {
  const vectors = 'test/vectors/cloud-init';
  const texts = readdirSync(vectors, { recursive: true, encoding: 'utf8' })
    .filter((name) => /^(?!_base)[^/]+\/(?:input\/.*\.(?:ya?ml|YAML)|input\/noext|in)$/.test(name))
    .flatMap((name): { name: string; text: string }[] => {
      try {
        const bytes = readFileSync(join(vectors, name));
        return [{ name, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }];
      } catch {
        return [];
      }
    })
    .filter(({ text }) => readTree(text, 'yaml').reading.errors.length === 0);

  it('takes every vector that is read without a complaint, and refuses those with wrong types or keys', () => {
    expect(texts.length).toBeGreaterThan(150);
    const wrong = texts.flatMap(({ name, text }) => {
      const { valid, findings, errors } = judge(text);
      return valid === (findings.length === 0) ? [] : [{ name, findings, errors }];
    });
    expect(wrong).toEqual([]);
    const refused = texts.filter(({ text }) => !judge(text).valid).length;
    expect(refused).toBeGreaterThan(10);
  });

  it('says the same as the reader about any document', () => {
    fc.assert(
      fc.property(hookDocument, (text) => {
        const { valid, findings, errors } = judge(text);
        expect({ valid, errors, findings }).toMatchObject({ valid: findings.length === 0 });
      }),
      { numRuns: 2000 },
    );
  });

  it('offers every key that the reader knows, each with a line for people', () => {
    const { shape } = readStep;
    const step = asRecord(hookFileSchema('stages')['$defs'])['steps'];
    const properties = asRecord(asRecord(asRecord(step)['items'])['properties']);
    expect(Object.keys(properties)).toEqual(shape.kind === 'object' && Object.keys(shape.fields));
    for (const [key, property] of Object.entries(properties)) {
      expect(asRecord(property)['description'], key).toMatch(/\w/);
    }
    expect(Object.keys(properties)).toEqual(expect.arrayContaining(parts.map(({ name }) => name)));
    expect(readConfig.shape.kind).toBe('object');
  });
});

it('every stage of an operation is a known one', () => {
  const stages = OPERATIONS.flatMap(({ steps }) =>
    steps.flatMap(({ title }) => /^Run hooks: ([\w-]+)/.exec(title)?.[1] ?? []),
  );
  expect(stages.length).toBeGreaterThan(3);
  expect(knownStages).toEqual(expect.arrayContaining(stages));
});

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
