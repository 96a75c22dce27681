/** Every change of the log's files. After the first failure nothing is written any more: what the disk holds is then unknown. */
import { constants } from 'node:fs';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { SlotwrightError, SystemError } from '../src/errors.ts';
import { EXIT } from '../src/exit-codes.ts';
import { damagedLog } from './chain.ts';
import { makeDirectoryDurably, NEW_FILE, removeLeftovers, writeDurably } from './durable-file.ts';
import type { FileOps } from './file-ops.ts';
import { eventsDirectory, hasCode, openRegular, segmentPath } from './log-directory.ts';

export interface LogWriterOptions {
  readonly directory: string;
  readonly ops: FileOps;
  /** Called when there is no space; true when it freed some. */
  readonly onNoSpace: () => Promise<boolean>;
}

/**
 * Some two thousand records, reserved until an operation is complete: what fills the disk, the new image or a hook, must not take the room that the
 * undo is recorded in. Beyond it there is the ballast.
 */
export const RESERVED_BYTES = 2 ** 20;

export class LogWriter {
  readonly #options: LogWriterOptions;
  #open: { readonly segment: string; readonly handle: FileHandle } | undefined;
  #poison: SlotwrightError | undefined;

  constructor(options: LogWriterOptions) {
    this.#options = options;
  }

  /** Creates the first segment of a chain together with its first record: a new chain is there whole, or not at all. */
  async createWhole(segment: string, bytes: Buffer): Promise<void> {
    await this.#guarded(async () => {
      await this.#enter();
      await this.#withSpace(() => writeDurably(this.#path(segment), bytes, 0o600));
    });
  }

  /** Creates an empty segment. */
  async create(segment: string): Promise<void> {
    await this.#guarded(async () => {
      await this.#enter();
      const flags = NEW_FILE | constants.O_APPEND;
      const handle = await this.#withSpace(() => open(this.#path(segment), flags, 0o600));
      this.#open = { segment, handle };
      await this.#options.ops.reserve(handle, 0, RESERVED_BYTES);
      await this.#options.ops.datasync(handle);
      await this.#options.ops.syncDirectory(this.#events());
    });
  }

  /**
   * Appends to a segment that has this size; resolves when the bytes are on disk. A write that found no space is tried
   * once more after space was freed; a failed sync never is, for the kernel may have dropped what it could not write.
   */
  async append(segment: string, size: number, bytes: Buffer): Promise<void> {
    await this.#guarded(async () => {
      const handle = await this.#opened(segment, size);
      const { ops, onNoSpace } = this.#options;
      if (!(await this.#wrote(handle, bytes))) {
        await ops.truncate(handle, size);
        const isFreed = await onNoSpace();
        // Before anybody else takes it.
        if (isFreed) await ops.reserve(handle, size, RESERVED_BYTES);
        if (!isFreed || !(await this.#wrote(handle, bytes))) {
          await ops.truncate(handle, size);
          throw noSpace(this.#path(segment));
        }
      }
      await ops.datasync(handle);
    });
  }

  /**
   * Writes a whole segment to new blocks, durably; before that the old file stands. After a sync that failed the kernel shows what it could
   * not write, and calls it written: a later sync of the same file succeeds, and the disk still has not got it.
   */
  async renew(segment: string, bytes: Buffer): Promise<void> {
    await this.#guarded(async () => {
      await this.close();
      try {
        await writeDurably(this.#path(segment), bytes, 0o600);
      } catch (error) {
        // What is undone gives room back: it must not fail for want of room.
        if (!isNoSpace(error)) throw error;
        await this.#cut(segment, bytes.length);
      }
    });
  }

  /** Removes segments, oldest first, durably. */
  async remove(segments: readonly string[]): Promise<void> {
    if (segments.length === 0) return;
    await this.#guarded(async () => {
      for (const segment of segments) await unlink(this.#path(segment));
      await this.#options.ops.syncDirectory(this.#events());
    });
  }

  /** Removes temporary files of a crash. */
  async clean(): Promise<void> {
    await this.#guarded(() => removeLeftovers(this.#events()));
  }

  /** What was reserved goes back to everybody: nothing more has to be recorded. */
  async giveBack(size: number): Promise<void> {
    await this.#guarded(async () => {
      if (this.#open !== undefined) await this.#options.ops.truncate(this.#open.handle, size);
    });
  }

  /** Closes what is open, which keeps what was reserved for it; the next append opens it again. */
  async close(): Promise<void> {
    const handle = this.#open?.handle;
    this.#open = undefined;
    await handle?.close();
  }

  async #enter(): Promise<void> {
    await this.close();
    await makeDirectoryDurably(this.#events(), 0o700);
  }

  async #opened(segment: string, size: number): Promise<FileHandle> {
    if (this.#open?.segment === segment) return this.#open.handle;
    await this.close();
    const flags = constants.O_WRONLY | constants.O_APPEND;
    const handle = await openRegular(this.#path(segment), flags);
    this.#open = { segment, handle };
    const found = (await handle.stat()).size;
    if (found === size) {
      await this.#options.ops.reserve(handle, size, RESERVED_BYTES);
      return handle;
    }
    throw damagedLog(segment, { line: 1, why: `it has ${found} bytes where we wrote ${size}` });
  }

  async #cut(segment: string, keep: number): Promise<void> {
    const handle = await openRegular(this.#path(segment), constants.O_WRONLY);
    try {
      await this.#options.ops.truncate(handle, keep);
      await this.#options.ops.datasync(handle);
    } finally {
      await handle.close();
    }
  }

  /** True when all bytes were taken; a short write is a full disk that has not said so yet. */
  async #wrote(handle: FileHandle, bytes: Buffer): Promise<boolean> {
    try {
      return (await this.#options.ops.write(handle, bytes)) === bytes.length;
    } catch (error) {
      if (isNoSpace(error)) return false;
      throw error;
    }
  }

  async #withSpace<T>(create: () => Promise<T>): Promise<T> {
    try {
      return await create();
    } catch (error) {
      if (!isNoSpace(error)) throw error;
      if (!(await this.#options.onNoSpace())) throw noSpace(this.#events(), error);
      return create();
    }
  }

  async #guarded(change: () => Promise<void>): Promise<void> {
    if (this.#poison !== undefined) throw this.#poison;
    try {
      await change();
    } catch (error) {
      this.#poison = poisoned(error);
      await this.close().catch(() => undefined);
      throw error instanceof SlotwrightError ? error : unwritable(error);
    }
  }

  #events(): string {
    return eventsDirectory(this.#options.directory);
  }

  #path(segment: string): string {
    return segmentPath(this.#options.directory, segment);
  }
}

function isNoSpace(error: unknown): boolean {
  return hasCode(error, 'ENOSPC', 'EDQUOT');
}

function noSpace(where: string, cause?: unknown): SystemError {
  return new SystemError({
    code: 'log-no-space',
    message: `nothing more fits into the event log (${where})`,
    reason: 'the file system is full, and there was no ballast left to free',
    hint: 'free space on COS_STATE, then `slotwright resume`',
    exit: EXIT.noSpace,
    cause,
  });
}

function unwritable(cause: unknown): SystemError {
  return new SystemError({
    code: 'log-write-failed',
    message: 'the event log could not be written',
    reason: cause instanceof Error ? cause.message : String(cause),
    hint: 'see `dmesg` for errors of the disk, then `slotwright resume`',
    exit: EXIT.attention,
    cause,
  });
}

function poisoned(cause: unknown): SystemError {
  return new SystemError({
    code: 'log-poisoned',
    message: 'the event log takes no more records in this process',
    reason: `an earlier write failed: ${cause instanceof Error ? cause.message : String(cause)}`,
    hint: '`slotwright resume` reads what the disk really holds and goes on from there',
    exit: EXIT.attention,
    cause,
  });
}
