import type { Readable, Writable } from 'node:stream';

/**
 * Moves every byte from one process to another and ends the second one's input with the first one's output.
 * A reader that goes away is not an error here: its exit code tells, and the writer is stopped by a closed pipe.
 */
export function pump(from: Readable, to: Writable, passing?: (chunk: Buffer) => void): void {
  from.on('data', (chunk: Buffer) => {
    if (!to.write(chunk)) {
      from.pause();
      to.once('drain', () => from.resume());
    }
    // After the write: the reader works on the bytes while they are hashed here.
    passing?.(chunk);
  });
  from.once('end', () => to.end());
  // A reader that ended is closed without an error; a paused writer would wait for it for ever.
  to.once('close', () => from.destroy());
  to.on('error', () => from.destroy());
}
