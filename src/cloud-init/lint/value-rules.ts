import { decimalMode } from '../decode/decoder.ts';
import type { Otherwise } from '../decode/shape.ts';
import { closestWord } from '../decode/closest-word.ts';
import type { MappingNode } from '../yaml/node.ts';
import { isNull } from '../yaml/node.ts';
import { readFlag, readInteger } from '../yaml/scalars.ts';
import type { Finding, Severity } from './finding.ts';
import type { Visited } from './visit.ts';

/** What can be said of a value by its type alone. */
export function valueFindings(visited: Visited): readonly Finding[] {
  return [
    ...sinceWhen(visited),
    ...spelling(visited),
    ...quoted(visited),
    ...octalLook(visited),
    ...lacking(visited),
    ...withoutMode(visited),
    ...wrongKeys(visited),
  ];
}

/** How bad it is that something cannot be done, or is left out. */
export function severityOf(otherwise: Otherwise): Severity {
  return otherwise === 'fails' ? 'error' : 'warning';
}

function sinceWhen({ shape, entry }: Visited): readonly Finding[] {
  if (entry === undefined || shape.since === undefined) {
    return [];
  }
  const { key, at } = entry;
  return shape.since === 'only here'
    ? [{ severity: 'note', code: 'own-key', message: `only this engine knows \`${key}\``, at }]
    : [
        {
          severity: 'note',
          code: 'newer-key',
          message: `\`${key}\` is known to engines since yip ${shape.since}; the elemental command of version 0.3.1 passes over it`,
          at,
        },
      ];
}

function spelling({ entry, proper }: Visited): readonly Finding[] {
  return entry === undefined || proper === undefined
    ? []
    : [
        {
          severity: 'note',
          code: 'spelling',
          message: `\`${entry.key}\` is understood here, the reference passes over it`,
          expected: proper,
          at: entry.at,
        },
      ];
}

const typed = ['integer', 'mode', 'flag'];

function quoted({ node, shape, what }: Visited): readonly Finding[] {
  const isQuoted = node.kind === 'scalar' && node.style === 'text' && node.text !== '';
  // What is no value of this type has been told already.
  return isQuoted && typed.includes(shape.kind) && isValue(node.text, shape.kind)
    ? [
        {
          severity: 'warning',
          code: 'quoted-value',
          message: `${what} stands in quotes: the reference refuses the whole file for it`,
          expected: node.text,
          at: node.at,
        },
      ]
    : [];
}

function isValue(text: string, kind: string): boolean {
  return (kind === 'flag' ? readFlag(text) : readInteger(text)) !== undefined;
}

/** Modes that people give; `400` is one of them when read in octal, and none when read as it stands there. */
const usualModes = new Set(
  [
    ...['400', '440', '444', '500', '550', '555', '600', '640', '644', '660', '664', '666'],
    ...['700', '711', '744', '750', '751', '754', '755', '770', '771', '775', '777'],
  ].map((digits) => Number.parseInt(digits, 8)),
);

/** Decimal modes above 0777 are told by the reader itself, as they cannot be right. */
function octalLook({ node, shape, what }: Visited): readonly Finding[] {
  if (shape.kind !== 'mode' || node.kind !== 'scalar' || !/^[1-7][0-7]{2}$/.test(node.text)) {
    return [];
  }
  const decimal = Number(node.text);
  if (
    decimal > 0o777 ||
    usualModes.has(decimal) ||
    !usualModes.has(Number.parseInt(node.text, 8))
  ) {
    return [];
  }
  const octal = `0${decimal.toString(8)}`;
  const message = `${what} is the decimal number ${node.text}, which is ${octal}`;
  return [{ severity: 'warning', ...decimalMode(decimal), message, at: node.at }];
}

function lacking({ node, shape, what }: Visited): readonly Finding[] {
  if (shape.kind !== 'object' || node.kind !== 'mapping') {
    return [];
  }
  return shape.needs
    .filter((key) => isAbsent(node, key))
    .map((key) => ({
      severity: severityOf(shape.otherwise),
      code: 'missing-key',
      message: `${what} has no \`${key}\`${shape.otherwise === 'skips' ? ' and is left out' : ''}`,
      expected: key,
      at: node.at,
    }));
}

function withoutMode({ node, shape, what }: Visited): readonly Finding[] {
  const isFile = shape.kind === 'object' && Object.hasOwn(shape.fields, 'permissions');
  return isFile && node.kind === 'mapping' && isAbsent(node, 'permissions')
    ? [
        {
          severity: 'warning',
          code: 'no-permissions',
          message: `${what} has no \`permissions\`: the reference gives it the mode 0000`,
          expected: 'permissions: 0644',
          at: node.at,
        },
      ]
    : [];
}

function isAbsent(node: MappingNode, key: string): boolean {
  const value = node.entries.find((entry) => entry.key === key)?.value;
  return value === undefined || isNull(value) || (value.kind === 'scalar' && value.text === '');
}

function wrongKeys({ node, shape, what }: Visited): readonly Finding[] {
  if (shape.kind !== 'entries' || shape.keys === undefined || node.kind !== 'mapping') {
    return [];
  }
  const { pattern, wanted, words = [], otherwise } = shape.keys;
  return node.entries
    .filter(({ key }) => !pattern.test(key))
    .map(({ key, at }) => ({
      severity: severityOf(otherwise),
      code: 'bad-key',
      message: `\`${key}\` in ${what} is not ${wanted}${otherwise === 'skips' ? ': the step is never run' : ''}`,
      expected: closestWord(key, words) ?? wanted,
      at,
    }));
}
