import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { FetchRequest } from '../../../../src/cloud-init/target.ts';
import { proxyFor } from '../../../../src/system/linux/fetch-proxy.ts';
import type { FetchOptions } from '../../../../src/system/linux/stage-fetch.ts';
import { createFetch } from '../../../../src/system/linux/stage-fetch.ts';

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function listen(server: Server): Promise<number> {
  open.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const serve = (listener: RequestListener) => listen(http.createServer(listener));

function fetching(
  request: Partial<FetchRequest> & { readonly url: string },
  options: Partial<FetchOptions> = {},
) {
  const waits: number[] = [];
  const fetch = createFetch({
    environment: {},
    wait: async (milliseconds) => {
      waits.push(milliseconds);
    },
    ...options,
  });
  const answer = fetch({ signal: new AbortController().signal, ...request });
  return { answer, waits };
}

describe('fetching', () => {
  it('gives the body, the status and the name that the server or the address gives', async () => {
    const port = await serve((request, response) => {
      if (request.url === '/named') {
        response.setHeader('content-disposition', 'attachment; filename="own.img"');
      }
      response.writeHead(request.url === '/missing' ? 404 : 200).end('body');
    });
    const at = (name: string) => fetching({ url: `http://127.0.0.1:${port}/${name}` }).answer;
    expect(await at('named')).toMatchObject({ status: 200, fileName: 'own.img' });
    expect(await at('a/file.txt?x=1')).toEqual({
      status: 200,
      bytes: Buffer.from('body'),
      fileName: 'file.txt',
    });
    expect(await at('missing')).toMatchObject({ status: 404 });
  });

  it('leaves a compressed file compressed', async () => {
    const port = await serve((_, response) => {
      response.end(gzipSync('text'));
    });
    const { bytes } = await fetching({ url: `http://127.0.0.1:${port}/` }).answer;
    expect(gunzipSync(bytes).toString()).toBe('text');
  });

  it('tries a server that is out of order three times and then gives its last answer', async () => {
    let asked = 0;
    const port = await serve((_, response) => {
      asked += 1;
      response.writeHead(503).end();
    });
    const { answer, waits } = fetching({ url: `http://127.0.0.1:${port}/` });
    expect(await answer).toMatchObject({ status: 503 });
    expect({ asked, waits }).toEqual({ asked: 3, waits: [1000, 3000] });
  });

  it('takes the first good answer after a broken connection, a broken body and a broken server', async () => {
    const broken: ((request: IncomingMessage, answer: http.ServerResponse) => void)[] = [
      (request) => request.socket.destroy(),
      (request, answer) => {
        answer.writeHead(200, { 'content-length': 100 }).write('half', () => {
          request.socket.destroy();
        });
      },
    ];
    let asked = 0;
    const port = await serve((request, response) => {
      asked += 1;
      const act = broken[asked - 1];
      if (act === undefined) {
        response.end('whole');
      } else {
        act(request, response);
      }
    });
    const { bytes } = await fetching({ url: `http://127.0.0.1:${port}/` }).answer;
    expect(Buffer.from(bytes).toString()).toBe('whole');
    expect(asked).toBe(3);
  });

  it('fails with the reason when nobody listens', async () => {
    const server = http.createServer();
    const port = await listen(server);
    server.close();
    await once(server, 'close');
    const { answer, waits } = fetching({ url: `http://u:secret@127.0.0.1:${port}/x` });
    await expect(answer).rejects.toMatchObject({
      code: 'fetch-failed',
      message: `cannot fetch http://127.0.0.1:${port}/x`,
      reason: expect.stringContaining('ECONNREFUSED') as unknown,
    });
    expect(waits).toEqual([1000, 3000]);
  });

  it('does not repeat what can only fail again', async () => {
    const { answer, waits } = fetching({ url: 'http://[broken/' });
    await expect(answer).rejects.toMatchObject({ code: 'fetch-failed' });
    expect(waits).toEqual([]);
  });

  it('never hangs on a server that says nothing', async () => {
    const port = await serve(() => undefined);
    const url = `http://127.0.0.1:${port}/`;
    await expect(fetching({ url, timeoutSeconds: 0.05 }).answer).rejects.toMatchObject({
      reason: 'no answer within 0.05 seconds',
    });
    const silent = fetching({ url }, { silenceMilliseconds: 50 });
    await expect(silent.answer).rejects.toMatchObject({
      reason: 'nothing came for 0.05 seconds',
    });
    expect(silent.waits).toHaveLength(2);
  });

  it('never hangs on a server that stops in the middle', async () => {
    const port = await serve((_, response) => {
      response.writeHead(200).write('begun');
    });
    const { answer } = fetching({ url: `http://127.0.0.1:${port}/` }, { silenceMilliseconds: 50 });
    await expect(answer).rejects.toMatchObject({ code: 'fetch-failed' });
  });

  it('ends with the signal', async () => {
    const stop = new AbortController();
    const port = await serve(() => stop.abort());
    const { answer, waits } = fetching({ url: `http://127.0.0.1:${port}/`, signal: stop.signal });
    await expect(answer).rejects.toMatchObject({ code: 'fetch-failed' });
    expect(waits).toEqual([]);
  });

  it('refuses an answer that is too large', async () => {
    const port = await serve((_, response) => response.end('x'.repeat(2000)));
    const { answer } = fetching({ url: `http://127.0.0.1:${port}/`, mostBytes: 1000 });
    await expect(answer).rejects.toMatchObject({
      reason: 'the answer is larger than 1000 bytes',
    });
  });

  it('follows redirects, a bounded number of them, and not at all for a direct request', async () => {
    const port = await serve((request, response) => {
      const to = request.url === '/start' ? '/end' : '/ring';
      response.writeHead(request.url === '/end' ? 200 : 302, { location: to }).end(request.url);
    });
    const url = `http://127.0.0.1:${port}/start`;
    const { bytes, fileName } = await fetching({ url }).answer;
    expect([Buffer.from(bytes).toString(), fileName]).toEqual(['/end', 'end']);
    expect(await fetching({ url, route: 'direct' }).answer).toMatchObject({ status: 302 });
    await expect(fetching({ url: `http://127.0.0.1:${port}/ring` }).answer).rejects.toMatchObject({
      reason: 'it is redirected more than 10 times',
    });
  });

  it('sends a method, headers and a body', async () => {
    const port = await serve((request, response) => {
      request.setEncoding('utf8').on('data', (text: string) => {
        response.end(`${String(request.method)} ${String(request.headers['x-ttl'])} ${text}`);
      });
    });
    const { bytes } = await fetching({
      url: `http://127.0.0.1:${port}/`,
      method: 'PUT',
      headers: { 'X-TTL': '60' },
      body: 'content',
    }).answer;
    expect(Buffer.from(bytes).toString()).toBe('PUT 60 content');
  });

  it.skipIf(process.getuid?.() !== 0)(
    'can come from a port that only the superuser gets (needs root)',
    async () => {
      const ports: (number | undefined)[] = [];
      const port = await serve((request, response) => {
        ports.push(request.socket.remotePort);
        response.end();
      });
      const url = `http://127.0.0.1:${port}/`;
      await Promise.all([1, 2, 3].map(() => fetching({ url, sourcePort: 'privileged' }).answer));
      expect(ports.every((from) => from !== undefined && from < 1024)).toBe(true);
    },
  );
});

describe('fetching through a proxy', () => {
  let directory: string;
  const pem = (name: string): string => readFileSync(path.join(directory, name), 'utf8');
  beforeAll(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'slotwright-fetch-'));
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
        ...['-keyout', 'key.pem', '-out', 'cert.pem', '-days', '3650', '-subj', '/CN=far.test'],
        ...['-addext', 'subjectAltName=DNS:far.test'],
      ],
      { cwd: directory, stdio: 'ignore' },
    );
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  /** A proxy that leads every tunnel to one port of this machine and notes what it was asked. */
  async function proxyTo(port: () => number) {
    const asked: string[] = [];
    const server = http.createServer((request, response) => {
      asked.push(`${String(request.method)} ${String(request.url)}`);
      response.end(String(request.headers['proxy-authorization']));
    });
    server.on('connect', (request: IncomingMessage, socket: Socket) => {
      asked.push(`CONNECT ${String(request.url)}`);
      const far = net.connect(port(), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        far.pipe(socket).pipe(far);
      });
      far.on('error', () => socket.destroy());
      socket.on('error', () => far.destroy());
    });
    return { asked, address: `127.0.0.1:${await listen(server)}` };
  }

  it('asks the proxy for a plain address, with its name and password', async () => {
    const { asked, address } = await proxyTo(() => 0);
    const { bytes } = await fetching(
      { url: 'http://far.test/file?x' },
      { environment: { http_proxy: `http://me:pa%20ss@${address}` } },
    ).answer;
    expect(asked).toEqual(['GET http://far.test/file?x']);
    expect(Buffer.from(bytes).toString()).toBe(
      `Basic ${Buffer.from('me:pa ss').toString('base64')}`,
    );
  });

  it('goes through a tunnel for an encrypted address, whose certificate still has to hold', async () => {
    const secure = https.createServer(
      { key: pem('key.pem'), cert: pem('cert.pem') },
      (request, response) => {
        response.end(`secret of ${String(request.headers.host)}`);
      },
    );
    const port = await listen(secure);
    const { asked, address } = await proxyTo(() => port);
    const environment = { HTTPS_PROXY: address };
    const authorities = pem('cert.pem');
    const url = 'https://far.test/key';
    const { bytes } = await fetching({ url }, { environment, authorities }).answer;
    expect(Buffer.from(bytes).toString()).toBe('secret of far.test');
    expect(asked).toEqual(['CONNECT far.test:443']);

    const unknown = fetching({ url }, { environment });
    await expect(unknown.answer).rejects.toMatchObject({
      reason: expect.stringContaining('self-signed') as unknown,
    });
    expect(unknown.waits).toEqual([]);
    const other = fetching({ url: 'https://other.test/' }, { environment, authorities });
    await expect(other.answer).rejects.toMatchObject({
      reason: expect.stringContaining('other.test') as unknown,
    });
  });

  it('says that the proxy refused', async () => {
    const server = http.createServer();
    server.on('connect', (_: IncomingMessage, socket: Socket) => {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    });
    const address = `127.0.0.1:${await listen(server)}`;
    const { answer, waits } = fetching(
      { url: 'https://far.test/' },
      { environment: { https_proxy: address } },
    );
    await expect(answer).rejects.toMatchObject({
      reason: `the proxy ${address} answered with status 407`,
    });
    expect(waits).toEqual([]);
  });

  it('is left out for a direct request', async () => {
    const port = await serve((_, response) => response.end('direct'));
    const { asked, address } = await proxyTo(() => 0);
    const { bytes } = await fetching(
      { url: `http://127.0.0.1:${port}/`, route: 'direct' },
      { environment: { http_proxy: address } },
    ).answer;
    expect(Buffer.from(bytes).toString()).toBe('direct');
    expect(asked).toEqual([]);
  });
});

describe('the proxy of an address', () => {
  const of = (url: string, environment: Record<string, string>) =>
    proxyFor(new URL(url), environment)?.host;

  it('is that of its scheme, in small letters first', () => {
    const environment = { http_proxy: 'low:1', HTTP_PROXY: 'http://high:2', HTTPS_PROXY: 'sec:3' };
    expect(of('http://x/', environment)).toBe('low:1');
    expect(of('https://x/', environment)).toBe('sec:3');
    expect(of('https://x/', { http_proxy: 'low:1', https_proxy: ' ' })).toBeUndefined();
  });

  it('is none for this machine', () => {
    for (const host of ['localhost', '127.3.2.1', '[::1]', 'localhost:8080']) {
      expect(of(`http://${host}/`, { http_proxy: 'p:1' }), host).toBeUndefined();
    }
  });

  it.each([
    ['*', 'a.test', true],
    ['a.test', 'a.test', true],
    ['A.test', 'a.test', true],
    ['a.test', 'sub.a.test', true],
    ['a.test', 'ba.test', false],
    ['.a.test', 'sub.a.test', true],
    ['.a.test', 'a.test', false],
    ['*.a.test', 'sub.a.test', true],
    ['x, a.test ,y', 'a.test', true],
    ['a.test:80', 'a.test', true],
    ['a.test:81', 'a.test', false],
    ['a.test:81', 'a.test:81', true],
    ['10.0.0.0/8', '10.1.2.3', true],
    ['10.0.0.0/8', '11.1.2.3', false],
    ['10.0.0.0/99', '10.1.2.3', false],
    ['10.1.2.3', '10.1.2.3', true],
    ['fd00::/8', '[fd12::1]', true],
    ['[fd12::1]:80', '[fd12::1]', true],
    ['fd12::1', '[fd12::1]', true],
    ['', 'a.test', false],
    [',:', 'a.test', false],
  ])('`no_proxy=%s` for %s: left out is %s', (list, host, left) => {
    const proxy = of(`http://${host}/`, { http_proxy: 'p:1', NO_PROXY: list });
    expect(proxy === undefined).toBe(left);
  });

  it('must be one of HTTP', () => {
    expect(() => of('http://x/', { http_proxy: 'socks5://me:secret@p:1' })).toThrow(
      'the value of http_proxy names no HTTP proxy',
    );
  });
});
