import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** One question as the service saw it. */
export interface Asked {
  /** `GET /path?query`. */
  readonly line: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly fromPort: number;
}

/** Takes the question and never answers. */
export const hang = Symbol('hang');

export type Reply = string | { readonly status: number; readonly text?: string } | typeof hang;

export interface MetadataServer {
  readonly origin: string;
  readonly asked: readonly Asked[];
  readonly close: () => void;
}

/** A metadata service on the loopback interface; what it does not know is status 404. */
export async function metadataServer(
  answer: (asked: Asked) => Reply | undefined | Promise<Reply | undefined>,
): Promise<MetadataServer> {
  const asked: Asked[] = [];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const question = {
        line: `${String(request.method)} ${String(request.url)}`,
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
        fromPort: request.socket.remotePort ?? 0,
      };
      asked.push(question);
      void Promise.resolve(answer(question)).then((known) => {
        const reply = known ?? { status: 404, text: '<html>not found</html>' };
        if (reply !== hang) {
          const { status, text = '' } =
            typeof reply === 'string' ? { status: 200, text: reply } : reply;
          response.writeHead(status).end(text);
        }
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${String(port)}`,
    asked,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
