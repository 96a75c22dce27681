import { open, readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import { writeDurably } from '../../../state/durable-file.ts';
import {
  BLOCK_BYTES,
  EMPTY_BLOCK,
  changeVariables,
  decodeBlock,
  encodeBlock,
  variablesOf,
} from '../../boot/environment-block.ts';
import { SystemError } from '../../errors.ts';
import { doing, ifThere } from './file-error.ts';
import { isAtOrBelow, readMounts } from './mountinfo.ts';
import { addBootEntry } from './boot-entry.ts';
import { loaderMissing, prepareLoader } from './boot-loader.ts';
import { installLoader } from './install-loader.ts';
import type { BootPort, HostPort, SettlePort } from '../port.ts';
import type { Exec } from './exec.ts';

/** The boot loader; and its environment blocks: created once, then overwritten in place, never renamed (architecture section 5). */
export function createBoot(exec: Exec, host: HostPort, settle: SettlePort): BootPort {
  const read = async (file: string) => {
    const bytes = await ifThere(`read ${file}`, () => readFile(file));
    return bytes === undefined ? undefined : namingFile(file, () => decodeBlock(bytes));
  };
  return {
    readEnvironment: async (file) => {
      const block = await read(file);
      return block === undefined ? undefined : variablesOf(block);
    },
    writeEnvironment: async (file, changes) => {
      const block = await read(file);
      const bytes = namingFile(file, () =>
        encodeBlock(changeVariables(block ?? EMPTY_BLOCK, changes)),
      );
      await doing(`write ${file}`, () =>
        // By rename there is never half a block under the name; once there, its blocks stay where GRUB knows them.
        block === undefined ? writeDurably(file, bytes, 0o644) : overwrite(file, bytes),
      );
      if (block === undefined) await settle.checkpoint(await mountPointOf(file));
    },
    loaderMissing: (loader) => loaderMissing(exec, loader),
    prepareLoader: (loader, directory, effort) => prepareLoader(exec, loader, directory, effort),
    installLoader,
    addBootEntry: (entry) => addBootEntry(exec, host, entry),
  };
}

/** One write of the whole block at its place: a reader sees the old block or the new one. */
const overwrite = async (file: string, bytes: Buffer): Promise<void> => {
  const handle = await open(file, 'r+');
  try {
    await handle.write(bytes, 0, BLOCK_BYTES, 0);
    await handle.datasync();
  } finally {
    await handle.close();
  }
};

const mountPointOf = async (file: string): Promise<string> => {
  const folder = await realpath(path.dirname(file));
  const holding = (await readMounts()).filter((entry) => isAtOrBelow(folder, entry.at));
  return holding.reduce((best, { at }) => (at.length >= best.length ? at : best), '/');
};

const namingFile = <T>(file: string, act: () => T): T => {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    const { code, message, reason, hint } = error;
    throw new SystemError({
      code,
      message: `${file}: ${message}`,
      ...(reason === undefined ? {} : { reason }),
      ...(hint === undefined ? {} : { hint }),
      cause: error,
    });
  }
};
