import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import { hostOf, portOf } from './fetch-proxy.ts';

/** One question to one server. */
export interface Exchange {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly proxy?: URL;
  /** Absent: any free one. */
  readonly localPort?: number;
  readonly signal: AbortSignal;
  /** A connection on which nothing comes for this long is given up. */
  readonly silenceMilliseconds: number;
  readonly mostBytes: number;
  /** Certificates to trust instead of those of the system. */
  readonly authorities?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Uint8Array;
}

/** The proxy did not lead to the server. */
export class ProxyError extends Error {
  readonly status: number;

  constructor(proxy: URL, status: number) {
    super(`the proxy ${proxy.host} answered with status ${String(status)}`);
    this.name = 'ProxyError';
    this.status = status;
  }
}

/**
 * Asks once: no redirect is followed, nothing is tried again. Certificates are verified. Made of `node:http`, because the
 * `fetch` of Node 20 knows neither proxies nor source ports, and a client of its own would double the program's size.
 */
export async function exchange(asked: Exchange): Promise<Answer> {
  const { url, proxy } = asked;
  const path = url.pathname + url.search;
  if (proxy === undefined) {
    return ask(asked, { to: url, path });
  }
  if (url.protocol === 'https:') {
    return ask(asked, { to: url, path, through: await tunnel(asked, proxy) });
  }
  return ask(asked, { to: proxy, path: `http://${url.host}${path}`, headers: signIn(proxy) });
}

interface Way {
  /** The server to connect to: the one that is asked, or the proxy. */
  readonly to: URL;
  /** What the first line of the request names. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A connection that is there already. */
  readonly through?: Duplex;
}

async function ask(asked: Exchange, way: Way): Promise<Answer> {
  const { url, body } = asked;
  const request = open(asked, way, {
    method: asked.method,
    headers: {
      host: url.host,
      'user-agent': 'slotwright',
      accept: '*/*',
      ...credentials('authorization', url),
      ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
      ...way.headers,
      ...asked.headers,
    },
  });
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve).once('error', reject).end(body);
  });
  // What fails from here on is told by the stream of the answer.
  request.on('error', () => undefined);
  const bytes = await bodyOf(answer, asked.mostBytes);
  return { status: answer.statusCode ?? 0, headers: answer.headers, bytes };
}

/** A connection to the server that the proxy cannot read. */
function tunnel(asked: Exchange, proxy: URL): Promise<Duplex> {
  const target = `${asked.url.hostname}:${String(portOf(asked.url))}`;
  const request = open(
    asked,
    { to: proxy, path: target },
    {
      method: 'CONNECT',
      headers: { host: target, ...signIn(proxy) },
    },
  );
  return new Promise((resolve, reject) => {
    const refused = (answer: IncomingMessage, socket: Duplex): void => {
      socket.destroy();
      reject(new ProxyError(proxy, answer.statusCode ?? 0));
    };
    request
      .once('connect', (answer: IncomingMessage, socket: Duplex) => {
        if (answer.statusCode === 200) {
          resolve(socket);
        } else {
          refused(answer, socket);
        }
      })
      .once('response', (answer) => refused(answer, answer.socket))
      .once('error', reject)
      .end();
  });
}

function open(
  asked: Exchange,
  way: Way,
  what: { readonly method: string; readonly headers: Readonly<Record<string, string>> },
): ClientRequest {
  const { signal, silenceMilliseconds: timeout, authorities, localPort } = asked;
  const request = (way.to.protocol === 'https:' ? https : http).request({
    host: hostOf(way.to),
    port: portOf(way.to),
    path: way.path,
    ...what,
    agent: false,
    signal,
    timeout,
    ...(way.through === undefined ? {} : { socket: way.through }),
    ...(localPort === undefined ? {} : { localPort }),
    ...(authorities === undefined ? {} : { ca: authorities }),
  });
  return request.once('timeout', () => {
    const text = `nothing came for ${String(timeout / 1000)} seconds`;
    request.destroy(Object.assign(new Error(text), { code: 'ETIMEDOUT' }));
  });
}

async function bodyOf(answer: IncomingMessage, mostBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of answer as AsyncIterable<Uint8Array>) {
    total += chunk.byteLength;
    if (total > mostBytes) {
      throw new Error(`the answer is larger than ${String(mostBytes)} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function signIn(proxy: URL): Readonly<Record<string, string>> {
  return credentials('proxy-authorization', proxy);
}

/** Name and password that an address carries. */
function credentials(header: string, url: URL): Readonly<Record<string, string>> {
  if (url.username === '' && url.password === '') {
    return {};
  }
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return { [header]: `Basic ${Buffer.from(pair).toString('base64')}` };
}
