import fc from 'fast-check';
import { readConfig } from '../../../src/cloud-init/cloud-config.ts';
import type { ObjectShape, Shape } from '../../../src/cloud-init/decode/shape.ts';
import { readStep } from '../../../src/cloud-init/step.ts';

/** Texts that may be anything; they stand in quotes. */
const words = fc.oneof(
  fc.constantFrom('x', '', '/etc/x', 'x/y', 'root', 'b64', 'a b', '1', '{{ .Values.node }}'),
  fc.constantFrom(
    '{{',
    '{{ range .Values.x }}{{ . }}',
    '{{ printf "%d" 3 | quote }}',
    '$(id)',
    '../..',
  ),
  fc.constantFrom('kind: user\nusername: u', 'kind: group\ngroup_name: g\ngid: -1', 'http://h/f'),
  fc.constantFrom(
    'zypper in x',
    'exit 3',
    '(a|b',
    '(?i)^box$',
    'systemd',
    'github:x',
    '\u0000',
    'ä\u2028',
  ),
  fc.string({ maxLength: 12 }),
);
const quoted = words.map((text) => JSON.stringify(text));
/** Scalars without quotes: what they are, only the reader knows. */
const plain = fc.constantFrom(
  ...['0644', '644', '0o600', '-1', '1.5', '0', '77', 'yes', 'off', 'true', 'False', '~', 'null'],
  ...['x', '/etc/x', '2020-01-02', '1_000', '0x1f', '.5', 'no-one'],
);
const scalar = fc.oneof(quoted, plain);

/** A value of some kind, in flow style: now and then not of the kind that is wanted. */
function valueOf(shape: Shape, depth = 0): fc.Arbitrary<string> {
  const fitting = fittingValue(shape, depth);
  return fc.oneof(
    { arbitrary: fitting, weight: 250 },
    { arbitrary: fc.constantFrom('[]', '{}', '~', 'x', '3', '[[x]]', '{a: {b: c}}'), weight: 1 },
  );
}

function fittingValue(shape: Shape, depth: number): fc.Arbitrary<string> {
  switch (shape.kind) {
    case 'text':
      return textValue(shape);
    case 'word':
      return fc.constant(shape.word);
    case 'integer':
    case 'signed':
      return fc.constantFrom('0', '7', '1000', '"12"', '0x10', '~');
    case 'mode':
      return fc.constantFrom('0644', '0755', '04755', '420', '"0600"', '644', '0');
    case 'octal-mode':
      return fc.constantFrom('"0644"', '0755', '"4755"', '~');
    case 'flag':
      return fc.constantFrom('true', 'false', 'yes', 'Off', '"true"', '~');
    case 'anything':
      return scalar;
    case 'list':
      return fc
        .array(valueOf(shape.item, depth + 1), { minLength: depth < 0 ? 1 : 0, maxLength: 3 })
        .map((items) => `[${items.join(', ')}]`);
    case 'entries': {
      const known = shape.keys?.words ?? [];
      const key = fc.constantFrom(
        ...known,
        'net.ipv4.ip_forward',
        'root',
        'KEY',
        '"a b"',
        '""',
        'PID',
      );
      return mappingOf(fc.array(fc.tuple(key, valueOf(shape.value, depth + 1)), { maxLength: 3 }));
    }
    case 'object':
      return objectValue(shape, depth);
    case 'either':
      return fc.oneof(...shape.of.map((one) => valueOf(one, depth + 1)));
  }
}

function textValue({ holds }: Shape & { readonly kind: 'text' }): fc.Arbitrary<string> {
  switch (holds?.what) {
    case 'choice':
      return fc.oneof({ arbitrary: fc.constantFrom(...holds.words), weight: 5 }, scalar);
    case 'path':
      return fc.oneof(
        { arbitrary: fc.constantFrom('/etc/x', '/a/b/', '/', '"/../x"', '/etc/passwd'), weight: 9 },
        scalar,
      );
    case 'address':
      return fc.oneof(fc.constantFrom('http://h/f', 'https://h/'), scalar);
    case 'step':
      return fc.constantFrom('g.a', 'g.b', 'g.0', 'f.1', 'g.g', '""');
    case 'template':
    case 'command':
    case 'content':
    case 'host-name':
    case 'expression':
    case 'entity':
    case 'password':
    case 'unit':
    case undefined:
      return scalar;
  }
}

function objectValue(shape: ObjectShape, depth: number): fc.Arbitrary<string> {
  const names = [...Object.keys(shape.fields), ...Object.keys(shape.aliases)];
  const needed = shape.needs.map((name) => name);
  const chosen = fc.oneof(
    {
      arbitrary: fc.subarray(names, { maxLength: Math.min(names.length, depth === 0 ? 5 : 4) }),
      weight: 20,
    },
    { arbitrary: fc.constant(['comands', 'Path', 'a b']), weight: 1 },
  );
  const most = fc.tuple(chosen, fc.integer({ min: 0, max: 9 }));
  return most.chain(([keys, chance]) => {
    const all = [...new Set(chance === 0 ? keys : [...needed, ...keys])];
    const pairs = all.map((name) => {
      const field = shape.fields[shape.aliases[name] ?? name];
      const value = field === undefined ? scalar : valueOf(field, depth + 1);
      return fc.tuple(fc.constant(JSON.stringify(name)), value);
    });
    return mappingOf(fc.tuple(...pairs));
  });
}

function mappingOf(
  pairs: fc.Arbitrary<readonly (readonly [string, string])[]>,
): fc.Arbitrary<string> {
  return pairs.map(
    (all) => `{${[...new Map(all)].map(([key, value]) => `${key}: ${value}`).join(', ')}}`,
  );
}

const stageNames = fc.constantFrom('boot', 'boot', 'boot.before', 'rootfs', 'network', 's t');
const stages = mappingOf(
  fc.array(
    fc.tuple(
      stageNames.map((name) => JSON.stringify(name)),
      valueOf({ kind: 'list', item: readStep.shape }, -1),
    ),
    { minLength: 1, maxLength: 3 },
  ),
);

const top = fc.oneof(
  { arbitrary: fc.constantFrom('', 'name: g\n'), weight: 20 },
  { arbitrary: fc.constantFrom('name: [g]\n', 'nam: g\n'), weight: 1 },
);
const stagesDocument = fc.tuple(top, stages).map(([name, text]) => `${name}stages:\n  ${text}\n`);

const cloudConfig = valueOf(readConfig.shape).map((text) => `#cloud-config\n${text}\n`);

/** A document that is YAML: of stages, or cloud-config. */
export const hookDocument = fc.oneof(
  { arbitrary: stagesDocument, weight: 4 },
  { arbitrary: cloudConfig, weight: 1 },
);

/** Anything that may lie in a hook directory: documents, damaged ones, and texts that are none. */
export const anyText = fc.oneof(
  { arbitrary: hookDocument, weight: 8 },
  {
    arbitrary: fc
      .tuple(
        hookDocument,
        fc.nat(),
        fc.constantFrom('', '\t', '"', '{', ']', '- ', '&a *a', '\u0000', '\n---\n', ': '),
      )
      .map(([text, at, noise]) => {
        const cut = at % (text.length + 1);
        return text.slice(0, cut) + noise + text.slice(noise === '' ? text.length : cut);
      }),
    weight: 4,
  },
  { arbitrary: fc.string({ maxLength: 80, unit: 'binary' }), weight: 1 },
  {
    arbitrary: fc
      .array(
        fc.constantFrom(
          'a: ',
          '- ',
          '\n',
          '  ',
          '&x ',
          '*x',
          '<<: ',
          '[',
          ']',
          '{',
          '}',
          '|\n',
          '> ',
          '!!int ',
          'stages',
          '"',
        ),
        { maxLength: 30 },
      )
      .map((pieces) => pieces.join('')),
    weight: 1,
  },
);

/** Dot notation, and what a kernel command line may hold. */
export const anyWords = fc
  .array(
    fc.oneof(
      fc
        .tuple(
          fc.constantFrom(
            'stages.boot[0].commands[0]',
            'stages.boot[1].files[0].path',
            'stages["boot.before"][0].name',
            'name',
            'stages',
            'root',
            'a..b',
            'stages.boot[999999999].x',
            '[0]',
          ),
          words,
        )
        .map(([key, value]) => `${key}=${JSON.stringify(value)}`),
      fc.string({ maxLength: 20 }),
    ),
    { maxLength: 6 },
  )
  .map((all) => all.join(' '));
