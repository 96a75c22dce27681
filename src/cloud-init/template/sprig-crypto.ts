import bcrypt from 'bcryptjs';
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { bytesToText, textToBytes } from '../byte-text.ts';
import { derivedPassword } from './derived-password.ts';
import type { TemplateFunction } from './signature.ts';
import { costing, takes, TEXT, UINT32 } from './signature.ts';
import { base64, decode } from './sprig-encodings.ts';
import type { Random } from './sprig-random.ts';
import { TemplateError } from './template-error.ts';

/** sprig's functions that encrypt or hash slowly. Keys and certificates are left out, see `left-out.ts`. */
export function cryptoFunctions(random: Random): Readonly<Record<string, TemplateFunction>> {
  return {
    ...costing(slowOnPurpose, {
      bcrypt: takes([TEXT], (text) => bcryptHash(text, random)),
      htpasswd: takes([TEXT, TEXT], (user, password) =>
        user.includes(':')
          ? `invalid username: ${user}`
          : `${user}:${bcryptHash(password, random)}`,
      ),
      derivePassword: takes(
        [UINT32, TEXT, TEXT, TEXT, TEXT],
        (counter, kind, password, user, site) =>
          derivedPassword({ counter, kind, password, user, site }),
      ),
    }),
    encryptAES: takes([TEXT, TEXT], (password, text) => encrypted(password, text, random)),
    decryptAES: takes([TEXT, TEXT], decrypted),
  };
}

const slowOnPurpose = { call: 400_000, letter: 0 };

/** What Go's library takes by default. */
const rounds = '10';

function bcryptHash(text: string, random: Random): string {
  if (textToBytes(text).length > 72) {
    throw new TemplateError('bcrypt takes no more than 72 bytes of a password');
  }
  const salt = bcrypt.encodeBase64([...random(16)], 16);
  return bcrypt.hashSync(text, `$2a$${rounds}$${salt}`);
}

/** A password is padded with zeros to the 32 bytes of a key, as sprig does. */
function keyOf(password: string): Buffer {
  const key = Buffer.alloc(32);
  textToBytes(password).copy(key);
  return key;
}

function encrypted(password: string, text: string, random: Random): string {
  if (text === '') {
    return '';
  }
  const start = random(16);
  const cipher = createCipheriv('aes-256-cbc', keyOf(password), start);
  const bytes = [start, cipher.update(textToBytes(text)), cipher.final()];
  return Buffer.concat(bytes).toString('base64');
}

function decrypted(password: string, text: string): string {
  if (text === '') {
    return '';
  }
  const bytes = decode(text, base64);
  if (typeof bytes === 'number' || bytes.length < 32 || bytes.length % 16 !== 0) {
    throw new TemplateError('this is nothing that `encryptAES` has made');
  }
  const decipher = createDecipheriv('aes-256-cbc', keyOf(password), bytes.subarray(0, 16));
  decipher.setAutoPadding(false);
  const plain = Buffer.concat([decipher.update(bytes.subarray(16)), decipher.final()]);
  // Nothing tells a wrong password but padding that cannot be.
  const padding = plain.at(-1) ?? 0;
  if (padding > plain.length) {
    throw new TemplateError('the password is wrong');
  }
  return bytesToText(plain.subarray(0, plain.length - padding));
}
