/** A template may be a mistake or an attack: it ends soon, in a text or in an error that says what is wrong. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { templateFunctions } from '../../../src/cloud-init/template/functions.ts';
import { leftOut } from '../../../src/cloud-init/template/left-out.ts';
import { renderTemplate } from '../../../src/cloud-init/template/render.ts';
import { TemplateError } from '../../../src/cloud-init/template/template-error.ts';

const data = {
  Values: { node: { hostname: 'box', timezone: 'Europe/Berlin' } },
  s: 'text',
  i: 3,
  f: 2.5,
  b: true,
  null: null,
  l: [3, 'x', null, ['y']],
  m: { k: 'v', n: { x: 1 } },
};
const now = Date.UTC(2023, 10, 14, 22, 13, 20);

function fill(template: string): string {
  let drawn = 0;
  return renderTemplate(template, data, {
    random: (bytes) => new Uint8Array(bytes).map(() => (drawn += 101)),
    now: () => now,
  });
}

function textOrError(template: string): string {
  try {
    return fill(template);
  } catch (error) {
    expect(error, template).toBeInstanceOf(TemplateError);
    return '';
  }
}

const inputs = {
  random: (bytes: number) => new Uint8Array(bytes),
  now: () => now,
  timeZone: 'UTC',
};
/** Without those that are slow on purpose. */
const names = [...templateFunctions(inputs)].flatMap(([name, { cost }]) =>
  (cost?.call ?? 0) < 100_000 ? [name] : [],
);

const value = fc.oneof(
  fc.constantFrom(
    ...['.', '$', '.s', '.i', '.f', '.b', '.null', '.l', '.m', '.m.n', '.nope', '.nope.x', '$x'],
    ...['nil', 'true', '9223372036854775807', '-1', '100000', '1e300', "'x'", '`a*`', 'now'],
    ...['(list 1 "a" nil)', '(dict "a" 1)', '(until 3)', '(semver "1.2.3")', '(splitList "" .s)'],
  ),
  fc.integer({ min: -50, max: 50 }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.string({ unit: 'binary', maxLength: 12 }).map((text) => JSON.stringify(text)),
);
const { pipeline } = fc.letrec<{ command: string; pipeline: string; operand: string }>((tie) => ({
  operand: fc.oneof(
    { depthSize: 'small' },
    { arbitrary: value, weight: 4 },
    tie('pipeline').map((inner) => `(${inner})`),
  ),
  command: fc.oneof(
    value,
    fc
      .tuple(fc.constantFrom(...names), fc.array(tie('operand'), { maxLength: 4 }))
      .map((words) => words.flat().join(' ')),
  ),
  pipeline: fc.array(tie('command'), { minLength: 1, maxLength: 3 }).map((all) => all.join(' | ')),
}));
const { template } = fc.letrec<{ template: string; part: string }>((tie) => ({
  part: fc.oneof(
    { depthSize: 'small' },
    pipeline.map((text) => `{{ ${text} }}`),
    fc.string({ maxLength: 5 }),
    fc
      .tuple(
        fc.constantFrom('if', 'with', 'range', 'range $i, $x :=', 'block "b"'),
        pipeline,
        tie('template'),
        fc.constantFrom('', '{{ else }}e', '{{ break }}', '{{ template "t" . }}'),
      )
      .map(([word, of, inner, more]) => `{{ ${word} ${of} }}${inner}${more}{{ end }}`),
  ),
  template: fc.array(tie('part'), { maxLength: 4 }).map((parts) => parts.join('')),
}));

describe('a template', () => {
  it('of any text ends in a text or in an error of its own', () => {
    fc.assert(
      fc.property(template, fc.nat(), fc.string({ maxLength: 3 }), (text, at, damage) => {
        const whole = `{{ $x := .l }}{{ define "t" }}{{ . }}{{ end }}${text}`;
        textOrError(whole);
        textOrError(whole.slice(0, at % whole.length) + damage + whole.slice(at % whole.length));
      }),
      { numRuns: 1500 },
    );
  }, 120_000);

  it('of any braces ends in a text or in an error of its own', () => {
    const scrap = fc.constantFrom(
      ...['{{', '}}', '{{-', '-}}', '"', '`', "'", '\\', '(', ')', '|', '.', '$', ':=', ',', ' '],
      ...['if', 'else', 'end', 'range', 'define', '/*', '*/', '0x', '1', 'e5', 'x', '\u00e9', '\n'],
    );
    fc.assert(
      fc.property(fc.array(scrap, { maxLength: 30 }), (scraps) => {
        textOrError(`{{${scraps.join('')}`);
      }),
      { numRuns: 1500 },
    );
  }, 120_000);

  it.each([
    ['repeat', '{{ repeat 2000000 "x" }}'],
    ['indent', '{{ indent 2000000 "x" }}'],
    ['until', '{{ until 100000000 }}'],
    ['seq', '{{ seq 0 100000000 }}'],
    ['a width', '{{ range until 99 }}{{ printf "%999999d" 1 }}{{ end }}'],
    ['a width that is given', '{{ range until 99 }}{{ printf "%*d" 999999 1 }}{{ end }}'],
    ['random letters', '{{ randAlphaNum 100000000 }}'],
    ['replace', '{{ repeat 900000 "x" | replace "x" (repeat 900000 "y") }}'],
    ['replace by an expression', '{{ regexReplaceAll "." (repeat 9000 "x") (repeat 9000 "y") }}'],
    ['join', '{{ until 900000 | join (repeat 900000 "y") }}'],
    ['wrapWith', '{{ repeat 900000 "x" | wrapWith 1 (repeat 90000 "y") }}'],
    ['a range over a number', '{{ range 9223372036854775807 }}{{ end }}'],
    ['ranges in ranges', '{{ range until 9999 }}{{ range until 9999 }}x{{ end }}{{ end }}'],
    [
      'a text that doubles',
      '{{ $x := "xxxxxxxx" }}{{ range until 99 }}{{ $x = print $x $x }}{{ end }}',
    ],
    [
      'a list that doubles',
      '{{ $x := list 1 }}{{ range until 99 }}{{ $x = concat $x $x }}{{ end }}',
    ],
    [
      'lists in lists',
      '{{ $x := list 1 }}{{ range until 99 }}{{ $x = list $x $x }}{{ end }}{{ $x }}',
    ],
    ['a ring', '{{ $d := dict "a" 1 }}{{ $_ := set $d "d" $d }}{{ $d | toJson }}'],
    ['a ring of merges', '{{ $d := dict "a" 1 }}{{ $_ := set $d "d" $d }}{{ merge $d $d }}'],
    [
      'templates that call themselves',
      '{{ define "t" }}{{ template "t" }}{{ end }}{{ template "t" }}',
    ],
    [
      'templates that call themselves twice',
      '{{ define "t" }}{{ template "t" }}{{ template "t" }}{{ end }}{{ template "t" }}',
    ],
    ['many passwords', '{{ range until 999 }}{{ bcrypt "x" }}{{ end }}'],
    ['deep parentheses', `{{ ${'('.repeat(9999)}1${')'.repeat(9999)} }}`],
    ['deep branches', `${'{{ if 1 }}'.repeat(9999)}${'{{ end }}'.repeat(9999)}`],
    ['deep JSON', `{{ fromJson (print (repeat 9999 "[") (repeat 9999 "]")) }}`],
    ['a huge number', '{{ printf "%.999999f" 1.5 | repeat 99 }}'],
  ])('that costs too much is refused: %s', (_name, text) => {
    expect(() => fill(text)).toThrow(TemplateError);
  });

  it.each([...leftOut])('that calls %s is refused with the reason', (name, reason) => {
    expect(() => fill(`{{ ${name} "x" }}`)).toThrow(
      `\`${name}\` is left out on purpose: ${reason}`,
    );
  });
});

describe('what templates get from outside', () => {
  it.each([
    ['the time and the zone of the machine', '{{ now }}', '2023-11-14 23:13:20 +0100 CET'],
    ['the time for `date`', '{{ date "15:04" "anything" }}', '23:13'],
    ['the time for `ago`', '{{ ago (toDate "2006-01-02" "2023-11-14") }}', '23h13m20s'],
    ['the time for `durationRound`', '{{ durationRound (toDate "2006" "2020") }}', '3y'],
    ['chance for letters', '{{ randAlphaNum 4 }}', 'NqVy'],
    ['chance for numbers', '{{ randInt 5 8 }}', '7'],
    ['chance for bytes', '{{ randBytes 3 }}', 'Zcov'],
    ['chance for the order', '{{ shuffle "abc" | len }}', '3'],
  ])('is %s', (_name, text, filled) => {
    expect(fill(text)).toBe(filled);
  });

  it('makes passwords of which others can tell that they are right', () => {
    expect(fill('{{ bcrypt "secret" }}')).toMatch(/^\$2a\$10\$[./\w]{53}$/);
    expect(fill('{{ htpasswd "me" "secret" }}')).toMatch(/^me:\$2a\$10\$/);
    expect(fill('{{ encryptAES "key" "plain" | decryptAES "key" }}')).toBe('plain');
  });
});
