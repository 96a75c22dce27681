import type { Target } from '../target.ts';
import { randomText } from '../template/sprig-random.ts';
import { sha512Crypt } from './sha512-crypt.ts';

/** What the shadow file keeps for a password of a document: ready-made hashes and locks as they are, words hashed. */
export function shadowPassword(password: string, target: Target): string {
  if (password === '' || password === '*' || /^[$!]/.test(password)) {
    return password;
  }
  const salt = randomText(
    'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./',
    16,
    (bytes) => target.random(bytes),
  );
  return sha512Crypt(password, salt);
}
