import { bytesToText, holdsBytes } from '../byte-text.ts';
import { closestWord } from '../decode/closest-word.ts';
import type { Choice } from '../decode/shape.ts';
import { readEntity } from '../entities/entity.ts';
import { contentEncodings, decodeContent } from '../parts/encoding.ts';
import { EntryError } from '../parts/entry-error.ts';
import { hostName } from '../parts/hostname.ts';
import { compileSearch } from '../search-expression.ts';
import type { MappingNode, ScalarNode } from '../yaml/node.ts';
import { isNull } from '../yaml/node.ts';
import { asksBack } from './asks-back.ts';
import type { Finding } from './finding.ts';
import { templateFindings } from './template-rules.ts';
import { severityOf } from './value-rules.ts';
import type { Visited } from './visit.ts';

/** What can be said of a text by what it is for. */
export function textFindings({ node, shape, what }: Visited): readonly Finding[] {
  if (shape.kind === 'object' && node.kind === 'mapping') {
    return Object.hasOwn(shape.fields, 'encoding') ? contentFindings(node) : [];
  }
  if (shape.kind !== 'text' || shape.holds === undefined || node.kind !== 'scalar') {
    return [];
  }
  if (isNull(node) || (node.text === '' && shape.holds.what !== 'unit')) {
    return [];
  }
  const { text, at } = node;
  switch (shape.holds.what) {
    case 'command':
      return [...templateFindings(node, ['Values']), ...commandFindings(node)];
    case 'template':
      return templateFindings(node, ['Values']);
    case 'host-name':
      return hostNameFindings(node);
    case 'path':
      return text.startsWith('/')
        ? []
        : [error('relative-path', `the path \`${text}\` must be absolute`, `/${text}`, at)];
    case 'address':
      return /^https?:\/\/\S+$/i.test(text)
        ? []
        : [error('bad-address', `\`${text}\` is no HTTP address`, 'https://...', at)];
    case 'expression':
      return expressionFindings(node, what);
    case 'entity':
      return entityFindings(node);
    case 'password':
      return /^[$!*]/.test(text)
        ? []
        : [
            {
              severity: 'note',
              code: 'plain-password',
              message: `${what} is readable for everybody who can read this file`,
              expected: 'a hash, as `openssl passwd -6` prints it',
              at,
            },
          ];
    case 'unit':
      return text === '' || text.startsWith('-')
        ? [error('bad-unit', `\`${text}\` is no unit`, 'the name of a unit', at)]
        : [];
    case 'choice':
      return choiceFindings(node, what, shape.holds);
    case 'content':
    case 'step':
      return [];
  }
}

function error(code: string, message: string, expected: string, at: Finding['at']): Finding {
  return { severity: 'error', code, message, expected, ...(at === undefined ? {} : { at }) };
}

function hostNameFindings(node: ScalarNode): readonly Finding[] {
  if (node.text.includes('{{')) {
    return templateFindings(node, ['UUID', 'Random', 'MachineID', 'ProtectedID', 'Values']);
  }
  const expected = 'letters, digits, `.` and `-`, at most 64';
  return hostName.test(node.text)
    ? []
    : [error('bad-host-name', `\`${node.text}\` is no valid host name`, expected, node.at)];
}

function commandFindings({ text, at }: ScalarNode): readonly Finding[] {
  return asksBack(text).map(({ command, expected }) => ({
    severity: 'warning',
    code: 'asks-back',
    message: `\`${command}\` waits for an answer that nobody gives`,
    expected,
    at,
  }));
}

function expressionFindings({ text, at }: ScalarNode, what: string): readonly Finding[] {
  const { problem } = compileSearch(text);
  if (problem !== undefined) {
    const message = `${what} is no regular expression, the step is never run: ${problem}`;
    const expected = 'a regular expression';
    return [{ severity: 'warning', code: 'bad-expression', message, expected, at }];
  }
  return /\^\(\?[=!]/.test(text)
    ? [
        {
          severity: 'note',
          code: 'look-around',
          message: `${what} looks ahead: the reference cannot, and never runs the step`,
          at,
        },
      ]
    : [];
}

function entityFindings(node: ScalarNode): readonly Finding[] {
  if (node.text.includes('{{')) {
    return templateFindings(node, ['Values']);
  }
  return failureOf(() => readEntity(node.text)).map((message) =>
    error('bad-entity', message, 'kind: user, group, shadow or gshadow', node.at),
  );
}

function choiceFindings(
  { text, at }: ScalarNode,
  what: string,
  choice: Choice,
): readonly Finding[] {
  const word = choice.letterCase === 'any' ? text.toLowerCase() : text;
  if (choice.words.includes(word)) {
    return [];
  }
  const meant = closestWord(text, choice.words);
  const hint = meant === undefined ? '' : `, did you mean \`${meant}\`?`;
  return [
    {
      severity: severityOf(choice.otherwise),
      code: 'unknown-word',
      message: `${what} cannot be \`${text}\`${hint}`,
      expected: meant ?? `one of ${choice.words.join(', ')}`,
      at,
    },
  ];
}

/** Content and its encoding belong together. */
function contentFindings(file: MappingNode): readonly Finding[] {
  const content = scalarOf(file, 'content');
  if (content === undefined) {
    return [];
  }
  const encoding = scalarOf(file, 'encoding')?.text ?? '';
  if (encoding !== '' && !contentEncodings.some((known) => known === encoding)) {
    return [];
  }
  let text = '';
  const failures = failureOf(() => {
    text = bytesToText(decodeContent(content.text, encoding));
  });
  return failures.length > 0
    ? failures.map((message) => error('bad-content', message, `text in ${encoding}`, content.at))
    : // Bytes have braces by chance, too: what is no template is left alone there.
      holdsBytes(text)
      ? []
      : templateFindings({ text, at: content.at }, ['Values']);
}

function scalarOf(mapping: MappingNode, key: string): ScalarNode | undefined {
  const value = mapping.entries.find((entry) => entry.key === key)?.value;
  return value?.kind === 'scalar' && !isNull(value) ? value : undefined;
}

function failureOf(work: () => unknown): readonly string[] {
  try {
    work();
    return [];
  } catch (failure) {
    if (failure instanceof EntryError) {
      return [failure.message];
    }
    throw failure;
  }
}
