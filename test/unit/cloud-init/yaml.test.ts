import { describe, expect, it } from 'vitest';
import { textToBytes } from '../../../src/cloud-init/byte-text.ts';
import type { YamlNode } from '../../../src/cloud-init/yaml/node.ts';
import { isNull } from '../../../src/cloud-init/yaml/node.ts';
import { parseYaml } from '../../../src/cloud-init/yaml/parse.ts';
import { readFlag, readInteger } from '../../../src/cloud-init/yaml/scalars.ts';

describe('YAML with source text and places', () => {
  it('keeps the text of every scalar as it was written', () => {
    const words = ['0123', 'yes', '1.50', '2020-01-02', '12:30:45', '1e3', '0x1F', 'on'];
    expect(plain(parseYaml(`a: [${words.join(', ')}]`).root)).toEqual({ a: words });
  });

  it('lets the last of two equal keys count, at every level, and tells both places', () => {
    const { root, duplicates } = parseYaml('a: {x: 1, x: 2}\nb: 1\na:\n  x: 3\n');
    expect(plain(root)).toEqual({ a: { x: '3' }, b: '1' });
    expect(duplicates).toEqual([
      { key: 'x', first: { line: 1, column: 5 }, last: { line: 1, column: 11 } },
      { key: 'a', first: { line: 1, column: 1 }, last: { line: 3, column: 1 } },
    ]);
  });

  it('tells null from the word in quotes', () => {
    const { root } = parseYaml('- ~\n- null\n-\n- "null"\n- \'~\'\n');
    const items = root?.kind === 'sequence' ? root.items.map(isNull) : [];
    expect(items).toEqual([true, true, true, false, false]);
  });

  it('knows anchors, aliases and merge keys, with the own key before the merged one', () => {
    const text =
      'base: &b {a: 1, b: 2}\nmore: &m {c: 3, a: 9}\nuse: {b: own, <<: [*b, *m]}\nword: &w hi\nagain: *w\n';
    expect(plain(parseYaml(text).root)).toMatchObject({
      use: { a: '1', b: 'own', c: '3' },
      word: 'hi',
      again: 'hi',
    });
  });

  it('knows the place of a mapping without braces in a list, and of an item that is not there', () => {
    const { root } = parseYaml('a:\n  - [b: c]\n  -\n');
    expect(root).toMatchObject({
      entries: [
        {
          value: {
            items: [
              { items: [{ kind: 'mapping', at: { line: 2, column: 6 } }] },
              { kind: 'scalar', text: '', at: { line: 2, column: 3 } },
            ],
          },
        },
      ],
    });
  });

  it('reads the first document only', () => {
    expect(plain(parseYaml('a: 1\n---\n{[broken').root)).toEqual({ a: '1' });
  });

  it('takes the line break of mainframes for one', () => {
    expect(plain(parseYaml('a: |\n  x\u0085  y\nb: z # note\u0085c: "\\N"\n').root)).toEqual({
      a: 'x\ny\n',
      b: 'z',
      c: '\u0085',
    });
  });

  it('keeps the separators of lines and paragraphs as letters', () => {
    expect(plain(parseYaml('a: x\u2028b\nc: |\n  y\u2029  z\n').root)).toEqual({
      a: 'x\u2028b',
      c: 'y\u2029  z\n',
    });
  });

  it('keeps every byte of a binary value', () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    const lines = bytes.toString('base64').replace(/.{64}/g, '$&\n  ');
    const { root } = parseYaml(`a: !!binary |\n  ${lines}\nb: !!binary "aGk="\n`);
    const { a, b } = plain(root) as Record<string, string>;
    expect(textToBytes(a ?? '').equals(bytes)).toBe(true);
    expect(b).toBe('hi');
  });

  it.each([
    ['a binary value that is no base64', 'a:\n  b: !!binary "/w"\n', 6],
    ['half a letter', 'a:\n  b: "\\ud83d"\n', 6],
  ])('refuses %s, with its place', (_what, text, column) => {
    expect(() => parseYaml(text)).toThrow(
      expect.objectContaining({ name: 'YamlSyntaxError', at: { line: 2, column } }),
    );
  });

  it('takes a byte order mark and CRLF', () => {
    expect(plain(parseYaml('\uFEFFa: |\r\n  one\r\n  two\r\nb: 1\r\n').root)).toEqual({
      a: 'one\ntwo\n',
      b: '1',
    });
  });

  it('refuses aliases that multiply a short text into a huge one', () => {
    const levels = Array.from({ length: 9 }, (_, level) =>
      level === 0
        ? 'a0: &a0 [x, x, x, x, x, x, x, x, x]'
        : `a${String(level)}: &a${String(level)} [${Array(9)
            .fill(`*a${String(level - 1)}`)
            .join(', ')}]`,
    );
    expect(() => parseYaml(levels.join('\n'))).toThrow(/excessive aliasing/);
  });

  it.each([
    ['tabs as indentation', 'a:\n\tb: 1\n', 2],
    ['an open bracket', 'a:\n  - [1\n', 3],
    ['a list as key', '? [a, b]\n: c\n', undefined],
  ])('tells where it stopped: %s', (_name, text, line) => {
    try {
      parseYaml(text);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ name: 'YamlSyntaxError' });
      if (line !== undefined) {
        expect(error).toMatchObject({ at: { line } });
      }
    }
  });

  it.each([
    ['0644', 0o644],
    ['0o644', 0o644],
    ['0_644', 0o644],
    ['644', 644],
    ['0x1a4', 0o644],
    ['0b110100100', 0o644],
    ['-1', -1],
    ['0899', undefined],
    ['rw', undefined],
  ])('reads the number %s as Go does', (text, value) => {
    expect(readInteger(text)).toBe(value);
  });

  it.each([
    ['yes', true],
    ['On', true],
    ['n', false],
    ['maybe', undefined],
  ])('reads the boolean %s', (text, value) => {
    expect(readFlag(text)).toBe(value);
  });
});

function plain(node: YamlNode | undefined): unknown {
  switch (node?.kind) {
    case undefined:
      return undefined;
    case 'scalar':
      return node.text;
    case 'sequence':
      return node.items.map(plain);
    case 'mapping':
      return Object.fromEntries(node.entries.map(({ key, value }) => [key, plain(value)]));
  }
}
