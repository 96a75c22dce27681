import { asNumber } from './arguments.ts';
import type { TemplateFunction } from './functions.ts';
import { TemplateError } from './template-error.ts';

const digits = '0123456789';
const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** sprig's random functions over the machine's own randomness. */
export function randomFunctions(
  random: (bytes: number) => Uint8Array,
): Readonly<Record<string, TemplateFunction>> {
  const drawn = (alphabet: string) => (count: unknown) => {
    if (asNumber(count) > 100_000) {
      throw new TemplateError('that many random letters are too many');
    }
    return randomText(alphabet, asNumber(count), random);
  };
  return {
    randAlphaNum: drawn(letters + digits),
    randAlpha: drawn(letters),
    randNumeric: drawn(digits),
    randAscii: drawn(String.fromCodePoint(...Array.from({ length: 95 }, (_, index) => 32 + index))),
    uuidv4: () => uuid(random),
  };
}

/** Letters drawn evenly from an alphabet of at most 256. */
export function randomText(
  alphabet: string,
  count: number,
  random: (bytes: number) => Uint8Array,
): string {
  const fair = 256 - (256 % alphabet.length);
  let text = '';
  while (text.length < count) {
    for (const byte of random(count - text.length)) {
      text += byte < fair ? alphabet.charAt(byte % alphabet.length) : '';
    }
  }
  return text;
}

export function uuid(random: (bytes: number) => Uint8Array): string {
  const bytes = random(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}
