/** Commands that change the machine need user id 0. */
import { UsageError } from '../errors.ts';
import type { Context } from './command.ts';
import { EXIT } from '../exit-codes.ts';
import { shellWords } from './shell-words.ts';

export function requireRoot({ host }: Context): void {
  if (host.root) return;
  throw new UsageError({
    code: 'needs-root',
    message: 'this command needs root',
    reason: 'it mounts file systems and writes boot images',
    hint: `run "sudo ${shellWords([host.program, ...host.args])}"`,
    exit: EXIT.notRoot,
  });
}
