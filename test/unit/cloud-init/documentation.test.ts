import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import { keyReference } from '../../../src/cloud-init/key-reference.ts';
import { lintTexts } from '../../../src/cloud-init/lint/lint.ts';
import { parts } from '../../../src/cloud-init/parts/catalog.ts';
import { templateFunctions } from '../../../src/cloud-init/template/functions.ts';
import { leftOut } from '../../../src/cloud-init/template/left-out.ts';

const page = 'docs/cloud-init.md';
const examples = readdirSync('docs/examples').filter((name) => name.endsWith('.yaml'));

const code = (words: readonly string[]): string => words.map((word) => `\`${word}\``).join(', ');
const inputs = { random: (count: number) => new Uint8Array(count), now: () => 0, timeZone: 'UTC' };
const functions = [...templateFunctions(inputs).keys()].sort();
const unwanted = [...leftOut].map(([name, reason]) => `| \`${name}\` | ${reason} |`);

/** What stands on the page between a comment of this beginning and the next `end of`. */
const made: Readonly<Record<string, string>> = {
  'keys, made from src/cloud-init/step.ts': keyReference(),
  'parts, made from src/cloud-init/parts/catalog.ts': `${code(parts.map(({ name }) => name))}.`,
  'functions, made from src/cloud-init/template/functions.ts': `Functions: ${code(functions)}.`,
  'functions that are left out, made from src/cloud-init/template/left-out.ts': [
    '| function | why there is none |',
    '| --- | --- |',
    ...unwanted,
  ].join('\n'),
};

describe('the page about the dialect', () => {
  /** Run with -u to write it anew. */
  it('has the keys, the parts and the functions that there are', async () => {
    const text = Object.entries(made).reduce(withBlock, readFileSync(page, 'utf8'));
    const style = await resolveConfig(page);
    const file = new URL(`../../../${page}`, import.meta.url).pathname;
    await expect(await format(text, { ...style, filepath: page })).toMatchFileSnapshot(file);
  });

  it('has only examples of which nothing bad can be said', () => {
    const blocks = [...readFileSync(page, 'utf8').matchAll(/^```yaml\n([^]*?)^```$/gm)];
    expect(blocks.length).toBeGreaterThan(3);
    expect(blocks.flatMap(([, text = '']) => complaints(text))).toEqual([]);
  });

  it('names for each difference from the reference a recording or a test that shows it', () => {
    const rows = differences();
    expect(rows.length).toBeGreaterThan(50);
    const unproven = rows.filter((row) => {
      const proofs = proofsIn(row);
      return proofs.length === 0 || !proofs.every(isThere);
    });
    expect(unproven).toEqual([]);
  });

  it('has a difference for every case that we judge ourselves', () => {
    const proofs = differences().flatMap(proofsIn);
    const judged = Object.keys(
      JSON.parse(readFileSync('test/vectors/wanted.json', 'utf8')) as Record<string, unknown>,
    );
    expect(judged.filter((id) => !proofs.includes(id))).toEqual([]);
  });
});

it.each(examples)('nothing bad can be said of the example %s', (name) => {
  expect(complaints(readFileSync(`docs/examples/${name}`, 'utf8'))).toEqual([]);
});

function withBlock(text: string, [comment, block]: readonly [string, string]): string {
  const [start = '', rest = ''] = text.split(`<!-- ${comment} -->`);
  const end = rest.slice(rest.indexOf('<!-- end of '));
  expect(rest).not.toBe('');
  return `${start}<!-- ${comment} -->\n\n${block}\n\n${end}`;
}

/** The rows of the tables of differences. */
function differences(): readonly string[] {
  const [, section = ''] = readFileSync(page, 'utf8').split('## Differences from the reference');
  return section
    .split('\n')
    .filter((line) => /^\| /.test(line) && !/^\| (?:---|the reference +\|)/.test(line));
}

/** Recordings by their name, tests as `FILE: TITLE`, in the last column. */
function proofsIn(row: string): readonly string[] {
  const last = row.split(' | ').at(-1) ?? '';
  return [...last.matchAll(/(`+)\s?(.+?)\s?\1/g)].map(([, , text = '']) => text);
}

function isThere(proof: string): boolean {
  const [, file, title] = /^([\w-]+\.test\.ts): (.+)$/.exec(proof) ?? [];
  if (file === undefined || title === undefined) {
    return existsSync(`test/vectors/cloud-init/${proof}/case.json`);
  }
  return testFiles().some(
    (path) => basename(path) === file && readFileSync(path, 'utf8').includes(title),
  );
}

function testFiles(): readonly string[] {
  return readdirSync('test', { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts'))
    .map((path) => `test/${path}`);
}

function complaints(text: string): readonly unknown[] {
  return lintTexts([{ name: text, text }]).filter(({ severity }) => severity !== 'note');
}
