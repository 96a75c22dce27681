import { execFileSync } from 'node:child_process';
import type { Change, Outcome } from './case.ts';

/** What is different from the outcome that was recorded; nothing when all is as it should be. */
export function differences(actual: Outcome, wanted: Outcome): readonly string[] {
  const found: string[] = [];
  const compare = (what: string, ours: unknown, theirs: unknown): void => {
    if (JSON.stringify(ours) !== JSON.stringify(theirs)) {
      found.push(`${what}: ${JSON.stringify(ours)} instead of ${JSON.stringify(theirs)}`);
    }
  };
  compare('result', actual.result, wanted.result);
  if (wanted.logPattern === undefined) {
    compare('log', actual.log, wanted.log);
  } else if (!new RegExp(wanted.logPattern).test(actual.log.join('\n'))) {
    found.push(`log: ${actual.log.join('\n')} does not match ${wanted.logPattern}`);
  }
  compare('hostname', actual.hostname, wanted.hostname);
  for (const path of new Set([...Object.keys(actual.changes), ...Object.keys(wanted.changes)])) {
    const ours = actual.changes[path];
    const theirs = wanted.changes[path];
    if (ours === undefined || theirs === undefined) {
      found.push(
        `${path}: ${ours === undefined ? 'not changed' : `${ours.change} (${ours.mode ?? ''} ${ours.content ?? ''})`}`,
      );
      continue;
    }
    for (const key of ['change', 'type', 'mode', 'uid', 'gid', 'target'] as const) {
      compare(`${path} ${key}`, ours[key], theirs[key]);
    }
    if (!sameContent(ours, theirs)) {
      found.push(
        `${path}: ${JSON.stringify(ours.content)} instead of ${JSON.stringify(theirs.content_template ?? theirs.content)}`,
      );
    }
  }
  return found;
}

function sameContent(ours: Change, theirs: Change): boolean {
  return theirs.content_template === undefined
    ? ours.sha256 === theirs.sha256 ||
        (theirs.sha256 === undefined && ours.content === theirs.content)
    : matches(ours.content ?? '', theirs.content_template);
}

/** `{{DAYS}}` is today, `{{SHA512CRYPT:x}}` any valid hash of x. */
function matches(text: string, template: string): boolean {
  const words: string[] = [];
  const pattern = template
    .split(/(\{\{DAYS\}\}|\{\{SHA512CRYPT:[^}]*\}\})/)
    .map((piece) => {
      if (piece === '{{DAYS}}') {
        return String(Math.floor(Date.now() / 86_400_000));
      }
      const word = /^\{\{SHA512CRYPT:([^}]*)\}\}$/.exec(piece)?.[1];
      if (word === undefined) {
        return piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      }
      words.push(word);
      return '(\\$6\\$[^:$]+\\$[./0-9A-Za-z]{86})';
    })
    .join('');
  const found = new RegExp(`^${pattern}$`).exec(text);
  return found !== null && words.every((word, index) => isHashOf(found[index + 1] ?? '', word));
}

function isHashOf(hash: string, word: string): boolean {
  const script = 'print crypt($ARGV[0], $ARGV[1])';
  return execFileSync('perl', ['-e', script, word, hash]).toString() === hash;
}
