/** A file for its owner only, whole or not at all; for what a person asked to have written, on any file system. */
import { randomBytes } from 'node:crypto';
import { lstat, open, rename, rm } from 'node:fs/promises';
import { SystemError } from '../../errors.ts';
import { EXIT } from '../../exit-codes.ts';

/** Replaces a plain file. Anything else under this name is refused: a link would lead the text elsewhere. */
export async function writeOwnerFile(file: string, text: string): Promise<void> {
  const present = await lstat(file).catch(() => undefined);
  if (present !== undefined && !present.isFile()) throw notPlain(file, present);
  const temporary = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    // No change of the mode afterwards: a stick with FAT has none.
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new SystemError({
      code: 'file-unwritable',
      message: `${file} could not be written`,
      reason: cause instanceof Error ? cause.message : String(cause),
      hint: 'name a file in a directory that exists and has room',
      exit: EXIT.usage,
      cause,
    });
  }
}

function notPlain(
  file: string,
  present: { isDirectory(): boolean; isSymbolicLink(): boolean },
): SystemError {
  const kind = present.isDirectory()
    ? 'a directory'
    : present.isSymbolicLink()
      ? 'a symbolic link'
      : 'not a plain file';
  return new SystemError({
    code: 'not-plain',
    message: `${file} was not written`,
    reason: `it is ${kind}, and only a plain file is replaced`,
    hint: 'name another file, or remove what is there',
    exit: EXIT.usage,
  });
}
