import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { syncDirectory, temporaryName } from '../../../state/durable-file.ts';
import { withoutSecrets } from '../../address.ts';
import { EXIT } from '../../exit-codes.ts';
import { SystemError } from '../../errors.ts';
import { doing } from './file-error.ts';
import { createFetch } from './stage-fetch.ts';
import type { Effort } from '../port.ts';

/**
 * Brings a local file or what an HTTP(S) address gives under a name: whole, or not at all. Addresses are asked for one part after another, so
 * that a large file never lies in memory and a broken connection costs one part.
 */
export async function fetchFile(
  from: string,
  to: string,
  mode: number,
  effort: Effort,
): Promise<{ readonly digest: string }> {
  const folder = path.dirname(to);
  const temporary = temporaryName(folder);
  const digest = createHash('sha256');
  return doing(`bring ${withoutSecrets(from)} to ${to}`, async () => {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.chmod(mode);
      const take = async (bytes: Uint8Array): Promise<void> => {
        digest.update(bytes);
        await writeAll(file, bytes);
      };
      if (isAddress(from)) await download(from, take, effort);
      else await read(from, take, effort);
      await file.sync();
      await rename(temporary, to);
      await syncDirectory(folder);
    } finally {
      await file.close();
      await rm(temporary, { force: true });
    }
    return { digest: `sha256:${digest.digest('hex')}` };
  });
}

type Take = (bytes: Uint8Array) => Promise<void>;

const isAddress = (from: string): boolean => /^https?:\/\//i.test(from);

const read = async (from: string, take: Take, { signal }: Effort): Promise<void> => {
  // A pipe or a device may never end, and a pipe without a writer does not even begin.
  const found = await stat(from);
  if (!found.isFile()) throw noFile(from);
  for await (const chunk of createReadStream(from, { signal }) as AsyncIterable<Buffer>) {
    await take(chunk);
  }
};

const PART = 32 * 2 ** 20;

const download = async (url: string, take: Take, effort: Effort): Promise<void> => {
  const fetch = createFetch({ environment: process.env });
  for (let done = 0; ;) {
    const headers = { range: `bytes=${done}-${done + PART - 1}` };
    const answer = await fetch({ url, headers, signal: effort.signal });
    // Nothing is left: the size was a multiple of the part.
    if (answer.status === 416 && done > 0) return;
    if (answer.status !== 200 && answer.status !== 206) throw refused(url, answer.status);
    // A server that knows no parts gives all of it each time.
    if (answer.status === 200 && done > 0) throw refused(url, answer.status);
    await take(answer.bytes);
    done += answer.bytes.length;
    effort.report?.({ doneBytes: done, totalBytes: Math.max(done, PART) });
    if (answer.status === 200 || answer.bytes.length < PART) return;
  }
};

const writeAll = async (file: FileHandle, bytes: Uint8Array): Promise<void> => {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at);
    at += bytesWritten;
  }
};

const noFile = (from: string): SystemError =>
  new SystemError({
    code: 'fetch-failed',
    message: `${from} cannot be fetched`,
    reason: 'it is no file',
    hint: 'name a file',
    exit: EXIT.download,
  });

const refused = (url: string, status: number): SystemError =>
  new SystemError({
    code: 'fetch-failed',
    message: `${withoutSecrets(url)} cannot be fetched`,
    reason: `the server answered with status ${status}`,
    hint: 'check the address',
    exit: EXIT.download,
  });
