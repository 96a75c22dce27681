import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import {
  BLOCK_BYTES,
  EMPTY_BLOCK,
  changeVariables,
  decodeBlock,
  encodeBlock,
  variablesOf,
} from '../../../src/boot/environment-block.ts';
import type { EnvironmentBlock } from '../../../src/boot/environment-block.ts';

const HEADER = '# GRUB Environment Block\n';

const block = (text: string): EnvironmentBlock =>
  decodeBlock(Buffer.from((HEADER + text).padEnd(BLOCK_BYTES, '#'), 'latin1'));
const text = (changed: EnvironmentBlock): string =>
  encodeBlock(changed).toString('latin1').slice(HEADER.length).replace(/#*$/, '');

const name = fc.stringMatching(/^[a-z_][a-z0-9_]{0,9}$/);
const value = fc.oneof(
  fc.string({ minLength: 1, maxLength: 20 }),
  fc.string({
    minLength: 1,
    maxLength: 20,
    unit: fc.constantFrom('\\', '\n', '#', '=', '"', ' ', 'a', 'ä', '$'),
  }),
);
const variables = fc.dictionary(name, value, { maxKeys: 10, noNullPrototype: true });

describe('an environment block', () => {
  it('is 1024 bytes with a header, padded with number signs', () => {
    const bytes = encodeBlock(EMPTY_BLOCK);
    expect(bytes.toString('latin1')).toBe(HEADER.padEnd(1024, '#'));
  });

  it('gives back every variable that was set', () => {
    fc.assert(
      fc.property(variables, (wanted) => {
        const bytes = encodeBlock(changeVariables(EMPTY_BLOCK, wanted));
        expect(bytes).toHaveLength(BLOCK_BYTES);
        expect(variablesOf(decodeBlock(bytes))).toEqual(wanted);
      }),
    );
  });

  it('keeps the order, the comments and the variables of others', () => {
    const before = block('# made by hand\nsaved_entry=cos\nodd.name=1\nnext_entry=recovery\n');
    const after = changeVariables(before, { saved_entry: 'fallback', tries: '3' });
    expect(text(after)).toBe(
      '# made by hand\nsaved_entry=fallback\nodd.name=1\nnext_entry=recovery\ntries=3\n',
    );
  });

  it('unsets with an empty string, also what was not set', () => {
    expect(text(changeVariables(block('a=1\nb=2\n'), { a: '', c: '' }))).toBe('b=2\n');
  });

  it('counts the first of two lines with one name and leaves one after a change', () => {
    const twice = block('a=1\nb=2\na=3\n');
    expect(variablesOf(twice)).toEqual({ a: '1', b: '2' });
    expect(text(changeVariables(twice, { a: '9' }))).toBe('a=9\nb=2\n');
  });

  it.each([
    ['another size', Buffer.from(HEADER), 'it has 25 bytes instead of 1024'],
    ['no header', Buffer.alloc(1024, '#'), 'it does not start with the header line'],
    ['only zeroes', Buffer.alloc(1024), 'it does not start with the header line'],
  ])('with %s is refused, with the reason', (_what, bytes, reason) => {
    expect(() => decodeBlock(bytes)).toThrow(
      expect.objectContaining({ code: 'environment-damaged', reason }),
    );
  });

  it('never takes more than its size', () => {
    const room = BLOCK_BYTES - HEADER.length - 'a=\n'.length;
    expect(encodeBlock(changeVariables(EMPTY_BLOCK, { a: 'x'.repeat(room) }))).toHaveLength(1024);
    expect(() => encodeBlock(changeVariables(EMPTY_BLOCK, { a: 'x'.repeat(room + 1) }))).toThrow(
      expect.objectContaining({ code: 'environment-full' }),
    );
  });

  it.each(['', 'a b', 'a=b', '1a', 'a\nb', '#a'])('refuses to set the name %j', (wrong) => {
    expect(() => changeVariables(EMPTY_BLOCK, { [wrong]: '1' })).toThrow(
      expect.objectContaining({ code: 'environment-name' }),
    );
  });
});

const hasEditor = spawnSync('grub-editenv', ['--version']).status === 0;

describe.skipIf(!hasEditor)(
  "an environment block and GRUB's own editor (needs grub-editenv)",
  () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'slotwright-env-'));
    const file = path.join(folder, 'grubenv');
    afterAll(() => rmSync(folder, { recursive: true }));
    const editor = (...args: readonly string[]): string =>
      execFileSync('grub-editenv', [file, ...args], { encoding: 'utf8' });
    /** The editor lists one variable a line, so a value with a newline cannot be told apart there. */
    const listed = (wanted: Readonly<Record<string, string>>): string =>
      Object.entries(wanted)
        .map(([key, text]) => `${key}=${text}\n`)
        .join('');

    it('agree about what we write', () => {
      fc.assert(
        fc.property(variables, (wanted) => {
          writeFileSync(file, encodeBlock(changeVariables(EMPTY_BLOCK, wanted)));
          expect(editor('list')).toBe(listed(wanted));
        }),
        { numRuns: 60 },
      );
    });

    it('agree about what it writes', () => {
      fc.assert(
        fc.property(variables, (wanted) => {
          rmSync(file, { force: true });
          editor('create');
          const pairs = Object.entries(wanted).map(([key, text]) => `${key}=${text}`);
          if (pairs.length > 0) editor('set', ...pairs);
          expect(variablesOf(decodeBlock(readFileSync(file)))).toEqual(wanted);
        }),
        { numRuns: 60 },
      );
    });

    it('agree after changes by both in turn', () => {
      fc.assert(
        fc.property(variables, variables, (first, second) => {
          writeFileSync(file, encodeBlock(changeVariables(EMPTY_BLOCK, first)));
          const pairs = Object.entries(second).map(([key, text]) => `${key}=${text}`);
          if (pairs.length > 0) editor('set', ...pairs);
          const ours = changeVariables(decodeBlock(readFileSync(file)), { tries: '3' });
          writeFileSync(file, encodeBlock(ours));
          expect(editor('list')).toBe(listed(variablesOf(ours)));
          expect(variablesOf(ours)).toEqual({ ...first, ...second, tries: '3' });
        }),
        { numRuns: 60 },
      );
    });
  },
);
