/** Digests of simulated contents: the same files give the same digest, whatever order they were written in. */
import { createHash } from 'node:crypto';

const known = new WeakMap<ReadonlyMap<string, string>, string>();

export function contentDigest(contents: ReadonlyMap<string, string>): string {
  const before = known.get(contents);
  if (before !== undefined) return before;
  const sorted = [...contents].sort(([a], [b]) => (a < b ? -1 : 1));
  const digest = digestOf(JSON.stringify(sorted));
  known.set(contents, digest);
  return digest;
}

/** Digests have the form that they have on real machines. */
export const digestOf = (text: string): string =>
  `sha256:${createHash('sha256').update(text).digest('hex')}`;
