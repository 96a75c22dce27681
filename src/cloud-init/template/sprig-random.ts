import { affordable, countable } from './budget.ts';
import type { TemplateFunction } from './signature.ts';
import { INT, takes, TEXT } from './signature.ts';
import { TemplateError } from './template-error.ts';
import { int } from './values.ts';

/** So many bytes that nobody can guess. */
export type Random = (bytes: number) => Uint8Array;

const digits = '0123456789';
const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const printable = String.fromCodePoint(...Array.from({ length: 95 }, (_, index) => 32 + index));

/** sprig's random functions over the machine's own randomness. */
export function randomFunctions(random: Random): Readonly<Record<string, TemplateFunction>> {
  const drawn = (alphabet: string): TemplateFunction =>
    takes([INT], (count) => randomText(alphabet, countable(count), random));
  return {
    randAlphaNum: drawn(letters + digits),
    randAlpha: drawn(letters),
    randNumeric: drawn(digits),
    randAscii: drawn(printable),
    randBytes: takes([INT], (count) => {
      if (count < 0) {
        throw new TemplateError(`${count} bytes cannot be made`);
      }
      return Buffer.from(random(affordable(count))).toString('base64');
    }),
    randInt: takes([INT, INT], (from, to) => {
      if (to <= from) {
        throw new TemplateError(`there is no number from ${from} up to ${to}`);
      }
      return int(BigInt(from) + below(BigInt(to) - BigInt(from), random));
    }),
    shuffle: takes([TEXT], (text) => shuffled(text, random)),
    uuidv4: takes([], () => uuid(random)),
  };
}

/** Letters drawn evenly from an alphabet of at most 256. */
export function randomText(alphabet: string, count: number, random: Random): string {
  const fair = 256 - (256 % alphabet.length);
  let text = '';
  while (text.length < count) {
    for (const byte of random(count - text.length)) {
      text += byte < fair ? alphabet.charAt(byte % alphabet.length) : '';
    }
  }
  return text;
}

/** A random UUID of version 4. */
export function uuid(random: Random): string {
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

/** A number from 0 on, below a bound, drawn evenly: what would favour the small ones is drawn again. */
function below(bound: bigint, random: Random): bigint {
  const all = 1n << 64n;
  for (;;) {
    const drawn = Buffer.from(random(8)).readBigUInt64LE();
    if (drawn < all - (all % bound)) {
      return drawn % bound;
    }
  }
}

function shuffled(text: string, random: Random): string {
  const left = Array.from(text);
  countable(left.length);
  for (let at = left.length - 1; at > 0; at -= 1) {
    const other = Number(below(BigInt(at + 1), random));
    [left[at], left[other]] = [left[other] ?? '', left[at] ?? ''];
  }
  return left.join('');
}
