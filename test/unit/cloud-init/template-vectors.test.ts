/** Templates as Go fills them in: recorded, so that the claim stays proven without Go. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderTemplate } from '../../../src/cloud-init/template/render.ts';
import { TemplateError } from '../../../src/cloud-init/template/template-error.ts';

interface Recorded {
  readonly data: Readonly<Record<string, unknown>>;
  /** What it became, or null for an error. */
  readonly cases: readonly (readonly [string, string | null])[];
}

/** The text, or null when the template is refused; anything else that is thrown is a fault of ours. */
function outcome(template: string, data: Recorded['data']): string | null {
  try {
    return renderTemplate(template, data, {
      random: (bytes) => new Uint8Array(bytes).fill(7),
      now: () => Date.UTC(2023, 10, 14),
    }).replace(/\p{Surrogate}/gu, '\ufffd');
  } catch (error) {
    if (error instanceof TemplateError) {
      return null;
    }
    throw error;
  }
}

describe('templates that Go has filled in', () => {
  it.each(['functions', 'language', 'generated'])('come out the same here: %s', (name) => {
    const text = readFileSync(`test/vectors/template/${name}.json`, 'utf8');
    const { data, cases } = JSON.parse(text) as Recorded;
    const ours = cases.map(([template]) => [template, outcome(template, data)]);
    expect(cases.length).toBeGreaterThan(500);
    expect(ours.filter((one, index) => one[1] !== cases[index]?.[1])).toEqual([]);
    expect(ours).toEqual(cases);
  });
});

const data = { m: { b: 1, a: 2 } };

/** Each with what Go 1.19 and sprig 3.2.3 make of it. */
const different: readonly (readonly [string, string, string | null, string | null])[] = [
  ['keys come in order, not by chance', '{{ keys .m }}', '[a b]', '[b a] or [a b]'],
  ['values come in the order of their keys', '{{ values .m }}', '[2 1]', '[1 2] or [2 1]'],
  ['a range over a number counts, as in newer Go', '{{ range 3 }}{{ . }}{{ end }}', '012', null],
  [
    '`else with` is there, as in newer Go',
    '{{ with 0 }}{{ else with 2 }}{{ . }}{{ end }}',
    '2',
    null,
  ],
  [
    'letters beyond ASCII survive',
    '{{ nospace "\u00e9 \u00e9" }}',
    '\u00e9\u00e9',
    '\u00c3\u00a9\u00c3\u00a9',
  ],
  ['the newer sha512sum is there', '{{ sha512sum "" | trunc 8 }}', 'cf83e135', null],
  ['complex numbers are refused', '{{ 1i }}', null, '(0+1i)'],
  ['a ring of mappings is refused', '{{ $d := dict }}{{ set $d "d" $d }}', null, 'the end of Go'],
];

it.each(different)('differently from Go on purpose: %s', (_why, template, here, there) => {
  expect(outcome(template, data)).toBe(here);
  expect(here).not.toBe(there);
});
