import { EntryError } from '../entry-error.ts';
import type { PartContext } from '../part.ts';
import { readProgram } from '../read-program.ts';

/** The bytes of a medium. What lies behind its end is an error. */
export type ReadMedium = (offset: number, length: number) => Promise<Buffer>;

const page = 64 * 1024;

/** No file that we look for is larger. */
const mostBytes = 8 * 1024 * 1024;

/**
 * Reads a device without mounting it: nothing is left behind when we are killed, no link on it leads anywhere, and the
 * kernel need not know its file system, nor trust it.
 */
export function openMedium(node: string, context: PartContext): ReadMedium {
  const pages = new Map<number, Buffer>();
  const load = async (first: number, count: number): Promise<void> => {
    const script = 'exec dd if="$1" bs="$2" skip="$3" count="$4" 2>/dev/null';
    const numbers = [page, first, count].map(String);
    const argv = ['/bin/sh', '-c', script, 'dd', node, ...numbers] as const;
    const { bytes } = await readProgram(context, argv);
    for (let index = 0; index < count; index += 1) {
      pages.set(first + index, bytes.subarray(index * page, (index + 1) * page));
    }
  };
  return async (offset, length) => {
    const [first, last] = [Math.floor(offset / page), Math.floor((offset + length - 1) / page)];
    if (length > mostBytes || !Number.isSafeInteger(offset)) {
      throw new EntryError(`${node} has more in one place than can be user data`);
    }
    const missing = Array.from({ length: last - first + 1 }, (_, index) => first + index).filter(
      (index) => !pages.has(index),
    );
    const [from, to] = [missing[0], missing.at(-1)];
    if (from !== undefined && to !== undefined) {
      await load(from, to - from + 1);
    }
    const all = Array.from({ length: last - first + 1 }, (_, index) => pages.get(first + index));
    const start = offset - first * page;
    const bytes = Buffer.concat(all.filter((part) => part !== undefined)).subarray(
      start,
      start + length,
    );
    if (bytes.byteLength < length) {
      throw new EntryError(`${node} ends too early: it cannot be read, or is damaged`);
    }
    return bytes;
  };
}
