/**
 * The server's half of NBD (newstyle, simple replies: https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md), as much of it as
 * `qemu-storage-daemon` asks for. Whoever makes a server decides of every request.
 */
import { createServer, type Server, type Socket } from 'node:net';

export type BlockRequest =
  | { readonly kind: 'read'; readonly offset: number; readonly bytes: number }
  | { readonly kind: 'write'; readonly offset: number; readonly data: Buffer }
  | { readonly kind: 'zero' | 'discard'; readonly offset: number; readonly bytes: number }
  | { readonly kind: 'flush' };

/** What a disk answers: what was read (nothing for the others), or that it cannot. */
export type Answer = Buffer | 'input/output error';

/** Listens on this socket for one client. Requests are answered in their order, each before the next is looked at. */
export async function serveBlocks(
  socket: string,
  bytes: number,
  answer: (request: BlockRequest) => Answer,
): Promise<Server> {
  const server = createServer((client) => {
    talk(client, bytes, answer);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(socket, resolve);
  });
  return server;
}

function talk(client: Socket, bytes: number, answer: (request: BlockRequest) => Answer): void {
  const hello = Buffer.alloc(18);
  hello.write('NBDMAGICIHAVEOPT');
  hello.writeUInt16BE(FIXED_NEWSTYLE | NO_ZEROES, 16);
  client.write(hello);
  let phase: Phase = flags;
  let held = Buffer.alloc(0);
  client.on('data', (chunk) => {
    held = Buffer.concat([held, chunk]);
    for (;;) {
      const taken = phase(held, client, { bytes, answer });
      if (taken === undefined) return;
      held = held.subarray(taken.bytes);
      phase = taken.next;
    }
  });
  // The client is killed with what it serves: its end needs no answer.
  client.on('error', () => client.destroy());
}

interface Export {
  readonly bytes: number;
  readonly answer: (request: BlockRequest) => Answer;
}

/** Takes one message from the front of what has come; `undefined` when it is not whole yet. */
type Phase = (
  held: Buffer,
  client: Socket,
  given: Export,
) => { readonly bytes: number; readonly next: Phase } | undefined;

const flags: Phase = (held) => (held.length < 4 ? undefined : { bytes: 4, next: options });

/** Every option but the oldest way to begin is refused; the client then takes that one. */
const options: Phase = (held, client, given) => {
  if (held.length < 16) return undefined;
  const [option, length] = [held.readUInt32BE(8), held.readUInt32BE(12)];
  if (held.length < 16 + length) return undefined;
  if (option !== EXPORT_NAME) {
    const reply = Buffer.alloc(20);
    reply.writeBigUInt64BE(OPTION_REPLY);
    reply.writeUInt32BE(option, 8);
    reply.writeUInt32BE(UNSUPPORTED, 12);
    client.write(reply);
    return { bytes: 16 + length, next: options };
  }
  const reply = Buffer.alloc(10);
  reply.writeBigUInt64BE(BigInt(given.bytes));
  reply.writeUInt16BE(CAN_FLUSH_DISCARD_AND_ZERO, 8);
  client.write(reply);
  return { bytes: 16 + length, next: requests };
};

const requests: Phase = (held, client, { answer }) => {
  if (held.length < REQUEST_BYTES) return undefined;
  const type = held.readUInt16BE(6);
  const [offset, bytes] = [Number(held.readBigUInt64BE(16)), held.readUInt32BE(24)];
  const end = REQUEST_BYTES + (type === WRITE ? bytes : 0);
  if (held.length < end) return undefined;
  if (type === DISCONNECT) {
    client.end();
    return { bytes: end, next: requests };
  }
  const answered = answer(requestOf(type, offset, bytes, held.subarray(REQUEST_BYTES, end)));
  const reply = Buffer.alloc(16);
  reply.writeUInt32BE(REPLY);
  reply.writeUInt32BE(typeof answered === 'string' ? EIO : 0, 4);
  held.copy(reply, 8, 8, 16);
  client.write(reply);
  if (typeof answered !== 'string' && answered.length > 0) client.write(answered);
  return { bytes: end, next: requests };
};

function requestOf(type: number, offset: number, bytes: number, data: Buffer): BlockRequest {
  switch (type) {
    case 0:
      return { kind: 'read', offset, bytes };
    case WRITE:
      return { kind: 'write', offset, data };
    case 3:
      return { kind: 'flush' };
    case 4:
      return { kind: 'discard', offset, bytes };
    case 6:
      return { kind: 'zero', offset, bytes };
    default:
      throw new Error(`a request of type ${String(type)}, which was not offered`);
  }
}

const [FIXED_NEWSTYLE, NO_ZEROES, EXPORT_NAME] = [1, 2, 1];
const OPTION_REPLY = 0x3e889045565a9n;
const UNSUPPORTED = 0x80000001;
/** Has flags, flush, discard, write zeroes; no forced unit access, which the client then asks for by a flush. */
const CAN_FLUSH_DISCARD_AND_ZERO = 1 | 4 | 32 | 64;
const REQUEST_BYTES = 28;
const [WRITE, DISCONNECT] = [1, 2];
const REPLY = 0x67446698;
const EIO = 5;
