import { randomInt } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import type { FetchRequest, FetchResult } from '../../cloud-init/target.ts';
import { withoutSecrets } from '../../address.ts';
import { SystemError } from '../../errors.ts';
import { hasCode } from './confined-error.ts';
import type { Answer } from './fetch-exchange.ts';
import { exchange, ProxyError } from './fetch-exchange.ts';
import { proxyFor } from './fetch-proxy.ts';

export interface FetchOptions {
  /** Names the proxies: `http_proxy`, `https_proxy`, `no_proxy`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Between two tries; ends early, without an error, when the signal fires. */
  readonly wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** A connection on which nothing comes for this long is given up. */
  readonly silenceMilliseconds?: number;
  /** Certificates (PEM) to trust instead of those of the system. */
  readonly authorities?: string;
}

/** No configuration, key list or tool is larger; a server must not fill the memory. */
const mostBytes = 1024 * 1024 * 1024;
/** Waits before the second and the third try. */
const pauses = [1000, 3000];
const mostRedirects = 10;
const redirects = [301, 302, 303, 307, 308];

/**
 * HTTP(S) as hooks need it. An answer of any status is a result, no answer is an error (`fetch-failed`). A network that
 * fails and a status of 500 and more are tried three times, but nothing that only repeats itself is: a certificate that
 * does not hold, an address that is none.
 */
export function createFetch(
  options: FetchOptions,
): (request: FetchRequest) => Promise<FetchResult> {
  const { wait = pause } = options;
  return async (request) => {
    const limit = limitOf(request);
    const signal = limit === undefined ? request.signal : AbortSignal.any([request.signal, limit]);
    let last: unknown;
    for (const next of [...(request.method === 'POST' ? [] : pauses), undefined]) {
      try {
        const answer = await follow(request, options, signal);
        if (answer.status < 500 || next === undefined) {
          return answer;
        }
        last = new Error(`the server answered with status ${String(answer.status)}`);
      } catch (error) {
        last = signal.aborted ? (last ?? error) : error;
        if (next === undefined || signal.aborted || !mayPass(error)) {
          break;
        }
      }
      await wait(next, signal);
      if (signal.aborted) {
        break;
      }
    }
    const late = limit?.aborted === true && !request.signal.aborted;
    throw new SystemError({
      code: 'fetch-failed',
      message: `cannot fetch ${withoutSecrets(request.url)}`,
      reason: late ? lateReason(request, last) : reasonOf(last),
      hint: 'check the address, the network and the proxy',
      cause: last,
    });
  };
}

async function follow(
  request: FetchRequest,
  options: FetchOptions,
  signal: AbortSignal,
): Promise<FetchResult> {
  let { method = 'GET', body, headers = {} } = request;
  let url = new URL(request.url);
  for (let followed = 0; ; followed += 1) {
    const proxy = request.route === 'direct' ? undefined : proxyFor(url, options.environment);
    const { authorities, silenceMilliseconds = 120_000 } = options;
    const answer = await fromPort(request.sourcePort, (localPort) =>
      exchange({
        ...{ url, method, headers, signal, silenceMilliseconds },
        mostBytes: request.mostBytes ?? mostBytes,
        ...(body === undefined ? {} : { body }),
        ...(proxy === undefined ? {} : { proxy }),
        ...(localPort === undefined ? {} : { localPort }),
        ...(authorities === undefined ? {} : { authorities }),
      }),
    );
    const next = request.route === 'direct' ? undefined : redirectOf(answer, url);
    if (next === undefined) {
      const { status, bytes } = answer;
      return { status, bytes, fileName: nameOf(answer.headers, url) };
    }
    if (followed === mostRedirects) {
      throw new Error(`it is redirected more than ${String(mostRedirects)} times`);
    }
    if (answer.status < 307 && method !== 'GET') {
      [method, body] = ['GET', undefined];
    }
    headers = next.origin === url.origin ? headers : {};
    url = next;
  }
}

function redirectOf(answer: Answer, from: URL): URL | undefined {
  const { location } = answer.headers;
  if (!redirects.includes(answer.status) || location === undefined) {
    return undefined;
  }
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (to?.protocol !== 'https:' && to?.protocol !== 'http:') {
    throw new Error(`it is redirected to \`${location}\`, which is no HTTP address`);
  }
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw new Error(`it is redirected to ${to.host} without encryption`);
  }
  return to;
}

/** Ports that only the superuser gets, from a random one on: another program may hold some of them. */
async function fromPort(
  kind: FetchRequest['sourcePort'],
  ask: (port: number | undefined) => Promise<Answer>,
): Promise<Answer> {
  if (kind !== 'privileged') {
    return ask(undefined);
  }
  const [lowest, count] = [512, 512];
  const start = randomInt(count);
  for (let tried = 0; ; tried += 1) {
    try {
      return await ask(lowest + ((start + tried) % count));
    } catch (error) {
      if (!hasCode(error, ['EADDRINUSE', 'EADDRNOTAVAIL']) || tried === 31) {
        throw error;
      }
    }
  }
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await setTimeout(milliseconds, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) {
      throw error;
    }
  }
}

/** Faults of a network or of a server that is starting. */
function mayPass(error: unknown): boolean {
  return (
    (error instanceof ProxyError && error.status >= 500) ||
    hasCode(error, [
      ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'],
      ...['EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN', 'EADDRINUSE', 'EADDRNOTAVAIL'],
    ])
  );
}

function limitOf({ timeoutSeconds = 0 }: FetchRequest): AbortSignal | undefined {
  return timeoutSeconds > 0 ? AbortSignal.timeout(timeoutSeconds * 1000) : undefined;
}

function nameOf(headers: IncomingHttpHeaders, url: URL): string {
  const given = /filename="?([^";/]+)"?/.exec(headers['content-disposition'] ?? '')?.[1];
  return given ?? url.pathname.split('/').findLast((part) => part !== '') ?? '';
}

function lateReason({ timeoutSeconds = 0 }: FetchRequest, last: unknown): string {
  const late = `no answer within ${String(timeoutSeconds)} seconds`;
  return isAbort(last) ? late : `${late} (${reasonOf(last)})`;
}

function isAbort(error: unknown): boolean {
  return error === undefined || hasCode(error, ['ABORT_ERR']);
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors[0] instanceof Error) {
    return error.errors[0].message;
  }
  if (error instanceof SystemError) {
    return error.message;
  }
  return error instanceof Error ? error.message : String(error);
}
