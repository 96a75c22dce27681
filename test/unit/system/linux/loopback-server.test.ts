import { request } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import { servePages, type PageServer } from '../../../../src/system/linux/loopback-server.ts';

const page: PageServer['answer'] = async (place, base) =>
  place === '' ? { type: 'text/html', text: `page below ${base}` } : undefined;

async function serving(answer: PageServer['answer'] = page) {
  const stop = new AbortController();
  let ended: Promise<void> = Promise.resolve();
  const url = await new Promise<URL>((resolve, reject) => {
    ended = servePages(
      { answer },
      { signal: stop.signal, listening: (at) => resolve(new URL(at)) },
    );
    ended.catch(reject);
  });
  onTestFinished(async () => {
    stop.abort();
    await ended;
  });
  return { url, stop, ended };
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** `path` as it is: no client tidies it up. */
function ask(
  url: URL,
  { path = url.pathname, method = 'GET', host = url.host } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: url.hostname, port: url.port, path, method, headers: { host }, agent: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => (text += part));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, text, headers: response.headers }),
        );
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}

describe('a server of pages', () => {
  it('answers on this machine, below a path that nobody can guess', async () => {
    const { url } = await serving();
    expect(url.hostname).toBe('127.0.0.1');
    expect(url.pathname).toMatch(/^\/[\w-]{32}\/$/);
    const { status, text, headers } = await ask(url);
    expect([status, text]).toEqual([200, `page below ${url.pathname.slice(0, -1)}`]);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
  });

  it('listens on no other address', async () => {
    const { url } = await serving();
    const others = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ address, scopeid }) => address !== '127.0.0.1' && !scopeid);
    for (const { address } of others) {
      const refused = await new Promise((resolve) => {
        const socket = connect({ host: address, port: Number(url.port) });
        socket.on('connect', () => {
          socket.destroy();
          resolve(false);
        });
        socket.on('error', () => resolve(true));
      });
      expect(refused).toBe(true);
    }
  });

  it.each(['/', '/wrong/', '/wrong', '//'])('does not know %s', async (path) => {
    const { url } = await serving();
    expect((await ask(url, { path })).status).toBe(404);
  });

  it('does not know other places below its path', async () => {
    const { url } = await serving();
    expect((await ask(url, { path: `${url.pathname}../etc/passwd` })).status).toBe(404);
    expect((await ask(url, { path: url.pathname.slice(0, -1) })).status).toBe(404);
  });

  it('refuses requests that were made to another name', async () => {
    const { url } = await serving();
    expect((await ask(url, { host: `rebound.example:${url.port}` })).status).toBe(403);
    expect((await ask(url, { host: '127.0.0.1' })).status).toBe(403);
    expect((await ask(url, { host: `localhost:${url.port}` })).status).toBe(200);
  });

  it('only reads', async () => {
    const { url } = await serving();
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      expect((await ask(url, { method })).status).toBe(405);
    }
    const head = await ask(url, { method: 'HEAD' });
    expect([head.status, head.text]).toEqual([200, '']);
    expect(Number(head.headers['content-length'])).toBeGreaterThan(0);
  });

  it('tells that a page could not be made, and goes on', async () => {
    const { url } = await serving(async () => Promise.reject(new Error('inner secret')));
    const { status, text } = await ask(url);
    expect([status, text]).toEqual([500, 'the page could not be made\n']);
    expect((await ask(url)).status).toBe(500);
  });

  it('ends with the signal, also while a browser holds its connection', async () => {
    const { url, stop, ended } = await serving();
    const socket = connect({ host: url.hostname, port: Number(url.port) });
    await new Promise((resolve) => socket.on('connect', resolve));
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => undefined);
    stop.abort();
    await ended;
    await closed;
    await expect(ask(url)).rejects.toThrow('ECONNREFUSED');
  });

  it('says when the port is taken', async () => {
    const { url } = await serving();
    const second = servePages(
      { port: Number(url.port), answer: page },
      { signal: new AbortController().signal, listening: () => undefined },
    );
    await expect(second).rejects.toMatchObject({ code: 'port-unavailable', exit: 1 });
  });
});
