import { gunzipSync } from 'node:zlib';
import { textToBytes } from '../byte-text.ts';
import { EntryError } from './entry-error.ts';

/** More than any configuration file: a small compressed text must not fill the memory. */
const mostBytes = 256 * 1024 * 1024;

/** What `encoding` may say. */
export const contentEncodings = [
  ...['text/plain', 'b64', 'base64', 'gz', 'gzip'],
  ...['gz+base64', 'gzip+base64', 'gz+b64', 'gzip+b64'],
] as const;

/** The bytes of a file's content. Decoding ends before anything is written, so a broken text destroys nothing. */
export function decodeContent(content: string, encoding: string | undefined): Uint8Array {
  switch (encoding) {
    case undefined:
    case '':
    case 'text/plain':
      return textToBytes(content);
    case 'b64':
    case 'base64':
      return decodeBase64(content);
    case 'gz':
    case 'gzip':
      return decompress(
        // Written with escapes, `"\x1f\x8b..."`, each letter is meant as one byte.
        content.startsWith('\x1f\x8b') ? Buffer.from(content, 'latin1') : textToBytes(content),
      );
    case 'gz+base64':
    case 'gzip+base64':
    case 'gz+b64':
    case 'gzip+b64':
      return decompress(decodeBase64(content));
    default:
      throw new EntryError(
        `unknown encoding \`${encoding}\`: b64, gz and gz+b64 (and their long forms) are known`,
      );
  }
}

function decodeBase64(content: string): Uint8Array {
  const letters = content.replace(/[\r\n]/g, '');
  if (letters.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(letters)) {
    throw new EntryError('the content is no base64');
  }
  return Buffer.from(letters, 'base64');
}

function decompress(bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: mostBytes });
  } catch (error) {
    throw new EntryError(
      `the content cannot be unpacked: ${error instanceof Error ? error.message : ''}`,
    );
  }
}
