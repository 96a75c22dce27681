import { bytesToText, holdsBytes } from '../../byte-text.ts';
import { readDocument } from '../../document.ts';
import { decodeContent } from '../encoding.ts';

/** The bytes that a provider meant: unpacked, and out of a multipart message its first cloud-config part. */
export function unpackUserData(bytes: Uint8Array): Uint8Array {
  const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const plain = isPacked ? decodeContent(Buffer.from(bytes).toString('latin1'), 'gz') : bytes;
  return cloudConfigPart(Buffer.from(plain).toString('latin1')) ?? plain;
}

/** `script`: starts with `#!`. `configuration`: a later stage can run it. */
export function kindOf(userData: Uint8Array): 'script' | 'configuration' | 'other' {
  const text = bytesToText(userData);
  if (text.startsWith('#!')) {
    return 'script';
  }
  if (holdsBytes(text)) {
    return 'other';
  }
  const { errors } = readDocument(text, { stage: '', notation: 'yaml' });
  return errors.length === 0 ? 'configuration' : 'other';
}

/** Of a message with a header that names the boundary, or that begins with the boundary itself. */
function cloudConfigPart(message: string): Buffer | undefined {
  const [head] = message.split(/\r?\n\r?\n/, 1);
  const boundary =
    /^content-type:\s*multipart\/[^;]+;.*?\bboundary="?([^";\r\n]+)"?/ims.exec(head ?? '')?.[1] ??
    /^--([^-\s]\S*)\r?\n/.exec(message)?.[1];
  if (boundary === undefined || !message.includes(`--${boundary}--`)) {
    return undefined;
  }
  const pieces = `\n${message}`.split(`\n--${boundary}`).slice(1, -1);
  for (const piece of pieces) {
    const [, header = '', body = ''] =
      /^[^\n]*\n(.*?)\r?\n\r?\n(.*)$/s.exec(piece.replace(/\r$/, '')) ?? [];
    if (/^content-type:\s*text\/cloud-config\b/im.test(header)) {
      return /^content-transfer-encoding:\s*base64\b/im.test(header)
        ? Buffer.from(decodeContent(body.trim(), 'base64'))
        : Buffer.from(body, 'latin1');
    }
  }
  return undefined;
}
