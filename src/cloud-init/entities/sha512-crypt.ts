import { createHash } from 'node:crypto';

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const rounds = 5000;

/** A password as the shadow file keeps it: `$6$salt$hash`, with the usual 5000 rounds. */
export function sha512Crypt(password: string, salt: string): string {
  const key = Buffer.from(password);
  const saltBytes = Buffer.from(salt).subarray(0, 16);
  const alternate = sha512(key, saltBytes, key);
  const mixed: Uint8Array[] = [key, saltBytes, repeated(alternate, key.length)];
  for (let bits = key.length; bits > 0; bits >>= 1) {
    mixed.push((bits & 1) === 1 ? alternate : key);
  }
  let digest = sha512(...mixed);
  const passwordBytes = repeated(sha512(...Array.from(key, () => key)), key.length);
  const saltRounds = 16 + (digest[0] ?? 0);
  const saltSequence = repeated(
    sha512(...Array.from({ length: saltRounds }, () => saltBytes)),
    saltBytes.length,
  );
  for (let round = 0; round < rounds; round += 1) {
    const odd = (round & 1) === 1;
    digest = sha512(
      odd ? passwordBytes : digest,
      round % 3 === 0 ? nothing : saltSequence,
      round % 7 === 0 ? nothing : passwordBytes,
      odd ? digest : passwordBytes,
    );
  }
  return `$6$${saltBytes.toString()}$${encode(digest)}`;
}

const nothing = Buffer.alloc(0);

function sha512(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha512');
  parts.forEach((part) => hash.update(part));
  return hash.digest();
}

function repeated(block: Uint8Array, length: number): Buffer {
  const whole = Array.from({ length: Math.ceil(length / block.length) || 0 }, () => block);
  return Buffer.concat(whole).subarray(0, length);
}

/** The bytes in the shuffled order of the format, three at a time. */
function encode(digest: Uint8Array): string {
  let text = '';
  const put = (bytes: readonly number[], letters: number): void => {
    let value = bytes.reduce((sum, byte) => (sum << 8) | byte, 0);
    for (let letter = 0; letter < letters; letter += 1) {
      text += alphabet.charAt(value & 63);
      value >>= 6;
    }
  };
  const at = (index: number): number => digest[index] ?? 0;
  let [high, middle, low] = [0, 21, 42];
  for (let group = 0; group < 21; group += 1) {
    put([at(high), at(middle), at(low)], 4);
    [high, middle, low] = [middle + 1, low + 1, high + 1];
  }
  put([at(63)], 2);
  return text;
}
