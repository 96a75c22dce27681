import type { FetchRequest, FetchResult } from '../../target.ts';
import { EntryError } from '../entry-error.ts';
import type { Search } from './findings.ts';

/** A conversation with a metadata service. All paths start with `/`. */
export interface Ask {
  /** The answer to a question that the service must know. */
  readonly must: (path: string, more?: Question) => Promise<Uint8Array>;
  /** The same as text without the white space around it. */
  readonly text: (path: string, more?: Question) => Promise<string>;
  /** Absent when the service does not have it: status 404, or nothing in it. */
  readonly may: (path: string, more?: Question) => Promise<Uint8Array | undefined>;
  readonly request: (path: string, more?: Question) => Promise<FetchResult>;
}

export type Question = Pick<FetchRequest, 'method' | 'headers' | 'body' | 'sourcePort'>;

/** No service hands out more. */
const mostBytes = 16 * 1024 * 1024;

/**
 * Opens a conversation. It never leaves the machine's own network by a proxy, follows no redirect (no service needs one, a
 * stranger's portal does) and is short: where no service is, nothing answers.
 */
export function openAsk(
  origin: string,
  search: Search,
  headers: Readonly<Record<string, string>> = {},
): Ask {
  const request: Ask['request'] = (path, more = {}) =>
    search.context.target.fetch({
      url: `${origin}${path}`,
      signal: search.signal,
      timeoutSeconds: search.limitSeconds,
      route: 'direct',
      mostBytes,
      ...more,
      headers: { ...headers, ...more.headers },
    });
  const must: Ask['must'] = async (path, more) => {
    const { status, bytes } = await request(path, more);
    if (status !== 200) {
      throw new EntryError(`${origin}${path} answered with status ${String(status)}`);
    }
    return bytes;
  };
  return {
    request,
    must,
    text: async (path, more) => textOf(await must(path, more)),
    async may(path, more) {
      const { status, bytes } = await request(path, more);
      if (status === 404 || status === 204 || (status === 200 && bytes.byteLength === 0)) {
        return undefined;
      }
      if (status !== 200) {
        throw new EntryError(`${origin}${path} answered with status ${String(status)}`);
      }
      return bytes;
    },
  };
}

export function textOf(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? [])
    .toString('utf8')
    .trim();
}

/** Lines with something in them. */
export function linesOf(bytes: Uint8Array | undefined): readonly string[] {
  return textOf(bytes)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** Asks for facts that nobody depends on, all at once; what is not to be had is left out. */
export async function factsFrom(
  ask: Ask,
  paths: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, Uint8Array>>> {
  const pairs = await Promise.all(
    Object.entries(paths).map(async ([name, path]) => {
      const bytes = await ask.may(path).catch(() => undefined);
      return bytes === undefined ? [] : [[name, bytes] as const];
    }),
  );
  return Object.fromEntries(pairs.flat());
}
