/**
 * Pages for the people on this machine: served on 127.0.0.1 and no other address, below a path that nobody can guess, to requests that
 * were made to that address by its number or as "localhost". Only reads.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { SlotwrightError, SystemError } from '../../errors.ts';
import { EXIT } from '../../exit-codes.ts';

export interface Served {
  readonly type: 'text/html' | 'application/json';
  readonly text: string;
}

export interface PageServer {
  /** Absent: any that is free. */
  readonly port?: number;
  /** What lies at this place; `base` is the address of the first place, which is ''. */
  readonly answer: (place: string, base: string) => Promise<Served | undefined>;
}

export interface ServerHooks {
  readonly signal: AbortSignal;
  /** Called once, with the address that only its reader knows. */
  readonly listening: (url: string) => void;
}

const ADDRESS = '127.0.0.1';

/** Serves until the signal; open connections are cut then. */
export async function servePages(
  { port = 0, answer }: PageServer,
  { signal, listening }: ServerHooks,
): Promise<void> {
  const token = randomBytes(24).toString('base64url');
  let hosts: ReadonlySet<string> = new Set();
  const server = createServer((request, response) => {
    void respond(request, response, { token, hosts, answer });
  });
  const taken = await new Promise<number>((resolve, reject) => {
    server.once('error', (cause) => reject(unavailable(port, cause)));
    server.listen({ host: ADDRESS, port, exclusive: true }, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
  hosts = new Set([`${ADDRESS}:${taken}`, `localhost:${taken}`]);
  const closed = new Promise<void>((resolve) => server.once('close', resolve));
  const stop = (): void => {
    server.close();
    server.closeAllConnections();
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  else listening(`http://${ADDRESS}:${taken}/${token}/`);
  await closed;
}

interface Surroundings extends Required<Pick<PageServer, 'answer'>> {
  readonly token: string;
  readonly hosts: ReadonlySet<string>;
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  { token, hosts, answer }: Surroundings,
): Promise<void> {
  const say = (status: number, type: string, text: string): void => {
    response.writeHead(status, {
      ...HEADERS,
      'Content-Type': `${type}; charset=utf-8`,
      'Content-Length': Buffer.byteLength(text),
      ...(status === 405 ? { Allow: 'GET, HEAD' } : {}),
    });
    response.end(request.method === 'HEAD' ? undefined : text);
  };
  const places = (request.url ?? '').replace(/\?.*$/s, '').split('/').slice(1);
  const refused = refusalOf(request, { token, hosts, given: places[0] ?? '' });
  if (refused !== undefined || places.length < 2) {
    say(refused?.status ?? 404, 'text/plain', `${refused?.why ?? 'not here'}\n`);
    return;
  }
  try {
    const served = await answer(places.slice(1).join('/'), `/${token}`);
    if (served === undefined) say(404, 'text/plain', 'not here\n');
    else say(200, served.type, served.text);
  } catch (error) {
    say(500, 'text/plain', `${told(error)}\n`);
  }
}

interface Refusal {
  readonly status: number;
  readonly why: string;
}

function refusalOf(
  { headers, method }: IncomingMessage,
  {
    token,
    hosts,
    given,
  }: { readonly token: string; readonly hosts: ReadonlySet<string>; readonly given: string },
): Refusal | undefined {
  // A name of somebody's own that leads here is how a page elsewhere would read this one.
  if (!hosts.has(headers.host ?? '')) return { status: 403, why: 'wrong host' };
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, why: 'only GET and HEAD' };
  return isSame(given, token) ? undefined : { status: 404, why: 'not here' };
}

const HEADERS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
} as const;

/** In the same time whatever differs. */
function isSame(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function told(error: unknown): string {
  if (!(error instanceof SlotwrightError)) return 'the page could not be made';
  return [error.message, error.reason, error.hint].filter((part) => part !== undefined).join('\n');
}

function unavailable(port: number, cause: Error): SystemError {
  return new SystemError({
    code: 'port-unavailable',
    message: `cannot listen on ${ADDRESS}, port ${port}`,
    reason: cause.message,
    hint: 'name another port with --port, or leave it out for any that is free',
    exit: EXIT.usage,
    cause,
  });
}
