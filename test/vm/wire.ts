import { createServer, type Socket } from 'node:net';

/** One of the machine's serial lines, or its monitor. We listen, QEMU connects: nothing is said before we hear it. */
export interface Wire {
  readonly path: string;
  readonly send: (text: string) => void;
  readonly close: () => void;
}

/** Resolves when it listens. `hear` gets text as it comes, in pieces of any size. */
export async function listenOn(path: string, hear: (text: string) => void): Promise<Wire> {
  let peer: Socket | undefined;
  const server = createServer((socket) => {
    peer = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => hear(text));
    // A machine whose power is cut resets its lines.
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return {
    path,
    send: (text) => void peer?.write(text, 'latin1'),
    close: () => {
      peer?.destroy();
      server.close();
    },
  };
}
