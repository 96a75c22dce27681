/**
 * Bytes as a text that loses none of them: what is UTF-8 becomes its letters, and a byte that is no part of UTF-8 becomes
 * the lone surrogate U+DC00 + byte, which no text that was read from UTF-8 holds.
 */
export function bytesToText(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  if (!text.includes('\ufffd')) {
    return text;
  }
  const units = Buffer.alloc(2 * buffer.length);
  let to = 0;
  for (let at = 0; at < buffer.length;) {
    const length = letterLength(buffer, at);
    if (length === 0) {
      to = units.writeUInt16LE(0xdc00 + (buffer[at] ?? 0), to);
      at += 1;
      continue;
    }
    const letter = codePointAt(buffer, at, length);
    to =
      letter < 0x10000
        ? units.writeUInt16LE(letter, to)
        : units.writeUInt16LE(
            0xdc00 + ((letter - 0x10000) & 0x3ff),
            units.writeUInt16LE(0xd800 + ((letter - 0x10000) >> 10), to),
          );
    at += length;
  }
  return units.toString('utf16le', 0, to);
}

/** The bytes of a text; the other direction of {@link bytesToText}. */
export function textToBytes(text: string): Buffer {
  if (!holdsBytes(text)) {
    return Buffer.from(text);
  }
  const bytes = Buffer.alloc(3 * text.length);
  let to = 0;
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit >= 0xd800 && unit < 0xdc00 && isLow(text.charCodeAt(at + 1))) {
      at += 1;
    } else if (unit >= 0xdc80 && unit < 0xdd00) {
      to += bytes.write(text.slice(from, at), to);
      to = bytes.writeUInt8(unit - 0xdc00, to);
      from = at + 1;
    }
  }
  to += bytes.write(text.slice(from), to);
  return bytes.subarray(0, to);
}

/** Whether a text holds bytes that are no letters: no program and no name is made of such. */
export function holdsBytes(text: string): boolean {
  // In the `u` mode the second half of a pair is no letter of its own.
  return /[\udc80-\udcff]/u.test(text);
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}

/** How many bytes a letter takes, 0 when none begins here: no overlong form, no surrogate, nothing past U+10FFFF. */
function letterLength(buffer: Buffer, at: number): number {
  const first = buffer[at] ?? 0;
  if (first < 0x80) {
    return 1;
  }
  const length = first < 0xc2 || first > 0xf4 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  for (let next = 1; next < length; next += 1) {
    if (((buffer[at + next] ?? 0) & 0xc0) !== 0x80) {
      return 0;
    }
  }
  const letter = length < 3 ? 0x800 : codePointAt(buffer, at, length);
  const sound =
    length === 3
      ? letter >= 0x800 && (letter < 0xd800 || letter > 0xdfff)
      : length !== 4 || (letter >= 0x10000 && letter <= 0x10ffff);
  return sound ? length : 0;
}

function codePointAt(buffer: Buffer, at: number, length: number): number {
  let letter = length === 1 ? (buffer[at] ?? 0) : (buffer[at] ?? 0) & (0x7f >> length);
  for (let next = 1; next < length; next += 1) {
    letter = (letter << 6) | ((buffer[at + next] ?? 0) & 0x3f);
  }
  return letter;
}
