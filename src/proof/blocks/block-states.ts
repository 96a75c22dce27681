/** What a disk may hold when the power goes: everything up to the last flush, and of the writes since then any selection. */
import { open } from 'node:fs/promises';
import type { LoggedRequest } from './write-log.ts';

export interface BlockState {
  /** Requests that count, by number in the log: all up to here are durable. */
  readonly durable: number;
  /** Of those after it, the ones that made it to the disk, in order. */
  readonly made: readonly number[];
  /** `all` or `none` of what was pending, or `some`. */
  readonly how: 'all' | 'none' | 'some';
}

/** A sample of the states of a span of the log; the same seed gives the same sample. Fewer when there are not as many. */
export function sampleStates(
  log: readonly LoggedRequest[],
  span: { readonly from: number; readonly to: number },
  { count, seed }: { readonly count: number; readonly seed: number },
): readonly BlockState[] {
  const random = generator(seed);
  const states = new Map<string, BlockState>();
  const add = (state: BlockState): void => {
    states.set(`${String(state.durable)}:${state.made.join()}`, state);
  };
  let durable = log.slice(0, span.from).findLastIndex(({ kind }) => kind === 'flush') + 1;
  for (let cut = span.from; cut < span.to; cut += 1) {
    if (log[cut]?.kind === 'flush') {
      durable = cut + 1;
      add({ durable, made: [], how: 'none' });
      continue;
    }
    const pending = range(durable, cut + 1);
    add({ durable, made: pending, how: 'all' });
    for (let some = 0; some < 6; some += 1) {
      const made = pending.filter(() => random() < 0.5);
      add({ durable, made, how: made.length === pending.length ? 'all' : 'some' });
    }
  }
  const all = [...states.values()];
  for (let left = all.length; left > 1; left -= 1) {
    const [a, b] = [left - 1, Math.floor(random() * left)];
    [all[a], all[b]] = [all[b] as BlockState, all[a] as BlockState];
  }
  return all.slice(0, count).sort((a, b) => a.durable - b.durable);
}

/** Applies requests to a disk file. Discards may be carried out or not; keeping the old bytes is the harsher choice. */
export async function apply(path: string, requests: readonly LoggedRequest[]): Promise<void> {
  const file = await open(path, 'r+');
  try {
    for (const request of requests) {
      if (request.kind === 'write')
        await file.write(request.data, 0, request.data.length, request.offset);
    }
  } finally {
    await file.close();
  }
}

/** Number of the first request whose data contain this text. */
export function firstWriteOf(log: readonly LoggedRequest[], text: string): number {
  const found = log.findIndex((request) => request.kind === 'write' && request.data.includes(text));
  if (found === -1) throw new Error(`nobody wrote ${text}`);
  return found;
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

/** Park and Miller: enough to choose by, and the same everywhere. */
function generator(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}
