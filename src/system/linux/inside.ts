import { lstat, readlink } from 'node:fs/promises';
import path from 'node:path';
import { SystemError } from '../../errors.ts';
import { doing, ifThere } from './file-error.ts';

const MOST_LINKS = 40;

/** Where a name leads with this directory as the root of everything: links never lead out of it. What is not there is taken as it is named. */
export async function inside(root: string, name: string): Promise<string> {
  const walked: string[] = [];
  const left = name.split('/');
  for (let links = 0; left.length > 0;) {
    const part = left.shift() ?? '';
    if (part === '..') walked.pop();
    if (part === '' || part === '.' || part === '..') continue;
    const at = path.join(root, ...walked, part);
    const found = await ifThere(`look at ${at}`, () => lstat(at));
    if (found?.isSymbolicLink() !== true) {
      walked.push(part);
      continue;
    }
    if ((links += 1) > MOST_LINKS) throw endless(root, name);
    const target = await doing(`read ${at}`, () => readlink(at));
    if (target.startsWith('/')) walked.length = 0;
    left.unshift(...target.split('/'));
  }
  return path.join(root, ...walked);
}

const endless = (root: string, name: string): SystemError =>
  new SystemError({
    code: 'links-endless',
    message: `${name} leads nowhere in ${root}`,
    reason: 'its links lead around in a circle',
    hint: 'mend it in the image',
  });
