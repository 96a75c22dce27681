import { createHash } from 'node:crypto';
import {
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { fetchFile } from '../../../../src/system/linux/fetch-file.ts';
import { scratch } from './scratch.ts';

const effort = { signal: new AbortController().signal };
/** More than is asked for at once. */
const LARGE = Buffer.alloc(33 * 2 ** 20, 'slotwright ');

describe('a file that is fetched', () => {
  it.each([
    ['gives parts', 'parts'],
    ['gives all of it each time', 'whole'],
  ] as const)('comes whole from a server that %s', async (_how, manner) => {
    await served(manner === 'parts' ? inParts(LARGE) : whole(LARGE), async (address) => {
      const to = path.join(await scratch(), 'file');
      const { digest } = await fetchFile(`${address}/file`, to, 0o600, effort);
      expect(readFileSync(to).equals(LARGE)).toBe(true);
      expect(digest).toBe(`sha256:${createHash('sha256').update(LARGE).digest('hex')}`);
      expect(statSync(to).mode & 0o777).toBe(0o600);
    });
  });

  it('is whole when its size is that of the parts', async () => {
    const exact = LARGE.subarray(0, 32 * 2 ** 20);
    await served(inParts(exact), async (address) => {
      const to = path.join(await scratch(), 'file');
      await fetchFile(`${address}/file`, to, 0o600, effort);
      expect(statSync(to).size).toBe(exact.length);
    });
  });

  it('leaves nothing behind when the server refuses', async () => {
    const refuse: RequestListener = (_request, response) => response.writeHead(404).end();
    await served(refuse, async (address) => {
      const folder = await scratch();
      const to = path.join(folder, 'file');
      await expect(fetchFile(`${address}/file`, to, 0o600, effort)).rejects.toMatchObject({
        code: 'fetch-failed',
        reason: 'the server answered with status 404',
      });
      expect(existsSync(to)).toBe(false);
      expect(readdirSync(folder)).toEqual([]);
    });
  });

  it('takes the place of what had its name, and of a link without following it', async () => {
    const folder = await scratch();
    const [from, to] = [path.join(folder, 'from'), path.join(folder, 'to')];
    writeFileSync(from, 'new');
    writeFileSync(path.join(folder, 'elsewhere'), 'kept');
    symlinkSync('elsewhere', to);
    await fetchFile(from, to, 0o644, effort);
    expect(readFileSync(to, 'utf8')).toBe('new');
    expect(readFileSync(path.join(folder, 'elsewhere'), 'utf8')).toBe('kept');
  });
});

async function served(
  listener: RequestListener,
  test: (address: string) => Promise<void>,
): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  try {
    await test(`http://127.0.0.1:${port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function whole(bytes: Buffer): RequestListener {
  return (_request, response) => response.end(bytes);
}

function inParts(bytes: Buffer): RequestListener {
  return (request, response) => {
    const [, first = '0', last = '0'] =
      /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    const part = bytes.subarray(Number(first), Number(last) + 1);
    if (part.length === 0) response.writeHead(416).end();
    else response.writeHead(206).end(part);
  };
}
