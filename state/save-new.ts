/** Files for people, beside the log: whole under a new name or not there at all, and nobody's file is replaced. */
import { access } from 'node:fs/promises';
import { SystemError, UsageError } from '../src/errors.ts';
import { EXIT } from '../src/exit-codes.ts';
import { writeDurably } from './durable-file.ts';

/** Mode 0600: what machines log is not for everybody. */
export async function saveNew(file: string, text: string): Promise<void> {
  const taken = await access(file).then(
    () => true,
    () => false,
  );
  if (taken) {
    throw new UsageError({
      code: 'file-exists',
      message: `${file} exists`,
      reason: 'a file that is there is not replaced',
      hint: 'name another one, or move it away first',
      exit: EXIT.outputExists,
    });
  }
  try {
    await writeDurably(file, text, 0o600);
  } catch (cause) {
    throw new SystemError({
      code: 'file-unwritable',
      message: `cannot write ${file}`,
      reason: cause instanceof Error ? cause.message : String(cause),
      hint: 'check that the directory is there and has room',
      exit: EXIT.statFile,
      cause,
    });
  }
}
