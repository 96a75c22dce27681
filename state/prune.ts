/** Which segments may go. Pure. */
import type { ChainFile } from './chain.ts';

export interface PruneBounds {
  readonly maxSegments: number;
  readonly maxBytes: number;
}

/**
 * How many of the oldest files to remove so that the rest keeps the bounds, as far as it may: never the last file, never one of an
 * unfinished operation or one behind it, never a part of an operation without its other parts.
 */
export function prunable(files: readonly ChainFile[], bounds: PruneBounds): number {
  let count = 0;
  let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  for (const [index, file] of files.slice(0, -1).entries()) {
    const kept = files.length - index;
    if (kept <= bounds.maxSegments && bytes <= bounds.maxBytes) break;
    if (owes(files, file.id)) break;
    count = index + 1;
    bytes -= file.bytes;
  }
  while (count > 0 && splits(files, count)) count -= 1;
  return count;
}

/** True when an operation was started in these files and not completed. */
export function owes(files: readonly ChainFile[], id: string): boolean {
  const parts = files.filter((file) => file.id === id);
  return parts.some(({ starts }) => starts) && !parts.some(({ completes }) => completes);
}

function splits(files: readonly ChainFile[], count: number): boolean {
  const gone = new Set(files.slice(0, count).map(({ id }) => id));
  return files.slice(count).some(({ id }) => gone.has(id));
}
