/** Keeps the head and the tail of what a program prints, so that an endless writer cannot fill the memory. */
export class BoundedOutput {
  private readonly most: number;
  private readonly head: Uint8Array[] = [];
  private tail: Uint8Array[] = [];
  private headBytes = 0;
  private tailBytes = 0;
  private total = 0;

  /** `most` bytes are kept: half of them from the start, half from the end. */
  constructor(most: number) {
    this.most = most;
  }

  add(chunk: Uint8Array): void {
    this.total += chunk.byteLength;
    const half = this.most / 2;
    const room = Math.max(0, half - this.headBytes);
    if (room > 0) {
      // A copy: the giver may use its buffer again.
      this.head.push(chunk.slice(0, room));
      this.headBytes += Math.min(room, chunk.byteLength);
    }
    if (chunk.byteLength > room) {
      this.addToTail(chunk.slice(room).slice(-half), half);
    }
  }

  private addToTail(chunk: Uint8Array, half: number): void {
    this.tail.push(chunk);
    this.tailBytes += chunk.byteLength;
    if (this.tailBytes > 2 * half || this.tail.length > 64) {
      this.tail = [Buffer.concat(this.tail).subarray(-half)];
      this.tailBytes = this.tail[0]?.byteLength ?? 0;
    }
  }

  /** The text that was kept; bytes that are no UTF-8 are replaced. */
  result(): { readonly text: string; readonly truncated: boolean } {
    const half = this.most / 2;
    const tail = Buffer.concat(this.tail).subarray(-half);
    const truncated = this.total > this.headBytes + tail.byteLength;
    const head = Buffer.concat(this.head).toString('utf8');
    return truncated
      ? { text: `${head}\n[...]\n${tail.toString('utf8')}`, truncated }
      : { text: Buffer.concat([...this.head, tail]).toString('utf8'), truncated };
  }
}
