/**
 * Texts as the bytes that Go sees. A byte that is no part of UTF-8 stands in a text as the lone surrogate
 * U+DC00 + byte, so that cutting a text in the middle of a letter loses nothing.
 */
export function toBytes(text: string): Buffer {
  if (!stray.test(text)) {
    return Buffer.from(text);
  }
  return Buffer.concat(
    text
      .split(/([\udc80-\udcff])/u)
      .map((piece) =>
        stray.test(piece) ? Buffer.of(piece.charCodeAt(0) - 0xdc00) : Buffer.from(piece),
      ),
  );
}

/** A lone low surrogate that stands for a byte; in the `u` mode the second half of a pair is none. */
const stray = /[\udc80-\udcff]/u;

/** Bytes as text; the other direction of {@link toBytes}. */
export function fromBytes(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  if (!text.includes('\ufffd')) {
    return text;
  }
  let result = '';
  for (let at = 0; at < buffer.length;) {
    const length = letterLength(buffer, at);
    result +=
      length === 0
        ? String.fromCharCode(0xdc00 + (buffer[at] ?? 0))
        : buffer.toString('utf8', at, at + length);
    at += Math.max(1, length);
  }
  return result;
}

/** How many bytes a letter takes, 0 when there is none. */
function letterLength(buffer: Buffer, at: number): number {
  const first = buffer[at] ?? 0;
  const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (length <= 1 || at + length > buffer.length) {
    return length <= 1 ? length : 0;
  }
  const letter = buffer.toString('utf8', at, at + length);
  const sound = letter !== '\ufffd' || buffer.subarray(at, at + 3).equals(replacement);
  return sound && Array.from(letter).length === 1 && Buffer.byteLength(letter) === length
    ? length
    : 0;
}

const replacement = Buffer.from('\ufffd');

/** The length that Go's `len` gives. */
export function byteLength(text: string): number {
  return isAscii(text) ? text.length : toBytes(text).length;
}

/** A part of a text by bytes; the bounds lie inside it. */
export function byteSlice(text: string, from: number, to: number): string {
  return isAscii(text) ? text.slice(from, to) : fromBytes(toBytes(text).subarray(from, to));
}

/** Joins stray bytes that have come to stand beside each other and make a letter. */
export function mended(text: string): string {
  return stray.test(text) ? fromBytes(toBytes(text)) : text;
}

/** Whether bytes and letters are the same thing. */
export function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}

/** A text of sound letters only: halves of pairs become the replacement letter, as Go reads them. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}
