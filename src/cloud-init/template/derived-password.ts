import { createHmac, scryptSync } from 'node:crypto';
import { textToBytes } from '../byte-text.ts';

/** What a password is derived from; the same inputs give the same one for ever. */
export interface PasswordInputs {
  readonly counter: number;
  readonly kind: string;
  readonly password: string;
  readonly user: string;
  readonly site: string;
}

const scope = 'com.lyndir.masterpassword';

/** The shapes of the algorithm "Master Password"; each letter of one names a set below. */
const shapes: Readonly<Record<string, string>> = {
  maximum: 'anoxxxxxxxxxxxxxxxxx axxxxxxxxxxxxxxxxxno',
  long:
    'CvcvnoCvcvCvcv CvcvCvcvnoCvcv CvcvCvcvCvcvno CvccnoCvcvCvcv CvccCvcvnoCvcv CvccCvcvCvcvno ' +
    'CvcvnoCvccCvcv CvcvCvccnoCvcv CvcvCvccCvcvno CvcvnoCvcvCvcc CvcvCvcvnoCvcc CvcvCvcvCvccno ' +
    'CvccnoCvccCvcv CvccCvccnoCvcv CvccCvccCvcvno CvcvnoCvccCvcc CvcvCvccnoCvcc CvcvCvccCvccno ' +
    'CvccnoCvcvCvcc CvccCvcvnoCvcc CvccCvcvCvccno',
  medium: 'CvcnoCvc CvcCvcno',
  short: 'Cvcn',
  basic: 'aaanaaan aannaaan aaannaaa',
  pin: 'nnnn',
};

const vowels = 'AEIOU';
const consonants = 'BCDFGHJKLMNPQRSTVWXYZ';
const all = vowels + vowels.toLowerCase() + consonants + consonants.toLowerCase();

const sets: Readonly<Record<string, string>> = {
  V: vowels,
  C: consonants,
  v: vowels.toLowerCase(),
  c: consonants.toLowerCase(),
  A: vowels + consonants,
  a: all,
  n: '0123456789',
  o: "@&%?,=[]_:-+*$#!'^~;()/.",
  x: `${all}0123456789!@#$%^&*()`,
};

/** The password of a site; of an unknown kind a text that says so, as sprig does. */
export function derivedPassword(inputs: PasswordInputs): string {
  const candidates = Object.hasOwn(shapes, inputs.kind)
    ? (shapes[inputs.kind] ?? '').split(' ')
    : [];
  if (candidates.length === 0) {
    return `cannot find password template ${inputs.kind}`;
  }
  const key = scryptSync(textToBytes(inputs.password), salted(inputs.user), 64, {
    N: 32_768,
    r: 8,
    p: 2,
    maxmem: 128 * 1024 * 1024,
  });
  const seed = createHmac('sha256', key)
    .update(Buffer.concat([salted(inputs.site), bigEndian(inputs.counter)]))
    .digest();
  const shape = candidates[(seed[0] ?? 0) % candidates.length] ?? '';
  return Array.from(shape, (name, index) => {
    const set = sets[name] ?? '';
    return set.charAt((seed[index + 1] ?? 0) % set.length);
  }).join('');
}

function salted(text: string): Buffer {
  const bytes = textToBytes(text);
  return Buffer.concat([Buffer.from(scope), bigEndian(bytes.length), bytes]);
}

function bigEndian(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
