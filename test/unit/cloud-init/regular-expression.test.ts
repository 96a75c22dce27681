import { describe, expect, it } from 'vitest';
import { compileExpression, quoteMeta } from '../../../src/cloud-init/regular-expression.ts';
import { compileSearch } from '../../../src/cloud-init/search-expression.ts';

describe('a regular expression', () => {
  it.each([
    ['(?P<name>e)dge', 'edge'],
    ['(?i)EDGE', 'edge'],
    ['(?i:E)dge', 'edge'],
    ['(?s)a.b', 'a\nb'],
    ['(?m)^b$', 'a\nb'],
    ['(?U)a+', 'aa'],
    ['\\Qa.b\\E', 'a.b'],
    ['\\pL\\p{Greek}', 'aΩ'],
    ['^[[:alpha:]]+$', 'edge'],
    ['[[:^digit:]]', 'a'],
    ['\\Aa\\z', 'a'],
    ['\\x{e9}', 'é'],
    ['^.$', '𝄞'],
    ['a{,2}', 'a{,2}'],
  ])('in the spelling of Go is understood: %s', (source, text) => {
    expect(compileExpression(source).expression?.test(text)).toBe(true);
  });

  it.each([
    '(a)\\1',
    'a(?=b)',
    'a(?!b)',
    '(?<=a)b',
    '\\Z',
    'a**',
    '(',
    '[z-a]',
    'x{1001}',
    '\\u0041',
  ])('that Go refuses is refused with the reason: %s', (source) => {
    expect(compileExpression(source).problem).toMatch(/^\w+.*: `/);
  });

  it('cannot hang, whatever it is searched in', () => {
    expect(compileExpression('^(a+)+$').expression?.test(`${'a'.repeat(50_000)}!`)).toBe(false);
  });

  it.each([
    ['a(x*)b', '-ab-axxb-', '$1', '--xx-'],
    ['a(x*)b', '-ab-axxb-', '$1W', '---'],
    ['a(x*)b', '-ab-axxb-', '${1}W', '-W-xxW-'],
    ['a(?P<mid>x*)b', '-axxb-', '<${mid}|$mid|$none>', '-<xx|xx|>-'],
    ['a', 'banana', '$$$0', 'b$an$an$a'],
    ['a*', 'baac', '.', '.b.c.'],
    ['b', 'abc', '${', 'a${c'],
    ['(b)', 'abc', '$01', 'ac'],
  ])('replaces as Go does: %s in %s by %s', (source, text, replacement, result) => {
    expect(compileExpression(source).expression?.replaceAll(text, replacement)).toBe(result);
  });

  it('replaces with a text that is no template', () => {
    expect(compileExpression('a').expression?.replaceAllLiteral('aba', '$0')).toBe('$0b$0');
  });

  it.each([
    [-1, ['', 'b', 'c']],
    [0, []],
    [1, ['abac']],
    [2, ['', 'bac']],
  ])('splits into at most %i pieces', (most, pieces) => {
    expect(compileExpression('a').expression?.split('abac', most)).toEqual(pieces);
  });

  it('finds the first, or as many as are wanted', () => {
    const { expression } = compileExpression('[a-c]');
    expect(expression?.find('xbc')).toBe('b');
    expect(expression?.find('x')).toBeUndefined();
    expect(expression?.findAll('abcx', 2)).toEqual(['a', 'b']);
    expect(expression?.findAll('abcx', -1)).toEqual(['a', 'b', 'c']);
    expect(expression?.findAll('abcx', 0)).toEqual([]);
  });

  it('can be made of a text that is to be found as it stands', () => {
    const text = '\\.+*?()|[]{}^$-/a';
    expect(quoteMeta(text)).toBe('\\\\\\.\\+\\*\\?\\(\\)\\|\\[\\]\\{\\}\\^\\$-/a');
  });
});

describe('a condition that looks ahead', () => {
  it.each([
    ['^(?!ubuntu).*', 'ubuntu 22.04', false],
    ['^(?!ubuntu).*', 'Debian', true],
    ['(?i)^(?!ubuntu).*', 'Ubuntu', false],
    ['^(?=.*Leap)openSUSE', 'openSUSE Leap', true],
    ['^(?=.*Leap)openSUSE', 'openSUSE Tumbleweed', false],
    ['^(?!a)(?!b)[a-c]', 'b', false],
    ['^(?!a)(?!b)[a-c]', 'c', true],
    ['^(?!a[)|]|b)(c|d)', 'd', true],
  ])('from the start is judged: %s in %s', (source, text, result) => {
    expect(compileSearch(source).search?.test(text)).toBe(result);
  });

  it.each(['a(?=b)', '^(?!a)b|c', '^(?!a', 'x^(?!a)', '(?m)^(?!a)'])(
    'from elsewhere is none: %s',
    (source) => {
      expect(compileSearch(source).problem).toBeDefined();
    },
  );
});
