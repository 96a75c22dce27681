/** The name of a finished disk: there is a whole one under it, or none. */
import { link, lstat, mkdtemp, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SystemError, UsageError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { syncDirectory } from '../../state/durable-file.ts';

/** Refuses when something has this name. */
export async function refuseExisting(output: string): Promise<void> {
  const found = await lstat(output).catch(() => undefined);
  if (found === undefined) return;
  throw new UsageError({
    code: 'output-exists',
    message: `${output} is there already`,
    reason: 'a disk is never overwritten',
    hint: 'name another file with -o, or remove it',
    exit: EXIT.outputExists,
  });
}

/** Makes a directory beside the output, so that a finished disk only needs its name. The caller removes it. */
export async function stagingBeside(output: string): Promise<string> {
  return mkdtemp(join(dirname(output), '.slotwright-disk-')).catch((error: unknown) => {
    throw noPlace(output, error);
  });
}

/** Gives a finished disk its name when all of it is durable; for its owner alone, because hooks may hold secrets. What got there meanwhile is not replaced: a link never does. */
export async function giveName(disk: string, output: string): Promise<void> {
  const file = await open(disk, 'r+');
  try {
    await file.chmod(0o600);
    await file.sync();
  } finally {
    await file.close();
  }
  await link(disk, output).catch(async (error: unknown) => {
    await refuseExisting(output);
    throw noPlace(output, error);
  });
  await syncDirectory(dirname(output));
}

function noPlace(output: string, cause: unknown): SystemError {
  return new SystemError({
    code: 'output-impossible',
    message: `no disk can be made in ${dirname(output)}`,
    reason: cause instanceof Error ? cause.message : String(cause),
    hint: 'name a file in a directory that you may write to, with -o',
    exit: EXIT.createImage,
    cause,
  });
}
