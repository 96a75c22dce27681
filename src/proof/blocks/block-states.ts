/** What a disk may hold when the power goes: everything up to the last flush, and of the writes since then any selection. */
import { open } from 'node:fs/promises';
import { generator } from './generator.ts';
import type { LoggedRequest } from './write-log.ts';

export interface BlockState {
  /** Requests that count, by number in the log: all up to here are durable. */
  readonly durable: number;
  /** Of those after it, the ones that made it to the disk, in order. */
  readonly made: readonly number[];
  /** `all` or `none` of what was pending, or `some`. */
  readonly how: 'all' | 'none' | 'some';
  /** A write of which some sectors arrived, after all others. */
  readonly torn?: Torn;
}

/** Sectors of 512 bytes, counted in the request; `to` is the one after the last. */
export interface Torn {
  readonly request: number;
  readonly from: number;
  readonly to: number;
}

/** Which states of a log are made. */
export interface Span {
  /** The power goes after this request at the earliest, and before this one at the latest. */
  readonly from: number;
  readonly to: number;
  /** The same seed chooses the same states where there are too many of them. */
  readonly seed: number;
  /** Between two flushes so many selections are tried; of no more than six writes, all there are. Default 64. */
  readonly perWindow?: number;
  /** Bytes of the disk that no write tears: an ext4 superblock, whose two sectors have one checksum. */
  readonly inOnePiece?: readonly number[];
}

/**
 * Every state that a cut in the span can leave, window by window: a window is what lies between two flushes. Of its writes any selection may
 * have arrived, and one of them torn between two sectors.
 */
export function* statesOf(log: readonly LoggedRequest[], span: Span): Generator<BlockState> {
  const random = generator(span.seed);
  for (const { durable, writes } of windows(log, span)) {
    yield { durable, made: [], how: 'none' };
    for (const made of selections(writes, span.perWindow ?? 64, random)) {
      yield { durable, made, how: made.length === writes.length ? 'all' : 'some' };
    }
    for (const [index, request] of writes.entries()) {
      for (const torn of tears(log, request, span.inOnePiece ?? [])) {
        const before = writes.slice(0, index);
        yield { durable, made: before, how: 'some', torn };
        if (writes.length > 1) {
          const others = writes.filter((other) => other !== request);
          yield { durable, made: others, how: 'some', torn };
          if (before.length > 0) yield { durable, made: [], how: 'some', torn };
        }
      }
    }
  }
}

interface Window {
  readonly durable: number;
  /** Writes that are pending, by number. */
  readonly writes: readonly number[];
}

function* windows(log: readonly LoggedRequest[], { from, to }: Span): Generator<Window> {
  let durable = log.slice(0, from).findLastIndex(({ kind }) => kind === 'flush') + 1;
  while (durable < to) {
    const flush = log.findIndex(({ kind }, number) => number >= durable && kind === 'flush');
    const end = flush === -1 || flush > to ? to : flush;
    const pending = Array.from({ length: end - durable }, (_, index) => durable + index);
    yield { durable, writes: pending.filter((number) => log[number]?.kind === 'write') };
    durable = end + 1;
  }
}

const FEW = 6;

/** All selections but the empty one; of many writes the likely ones (in order, one missing, one alone), then others by chance. */
function selections(
  writes: readonly number[],
  count: number,
  random: () => number,
): readonly (readonly number[])[] {
  if (writes.length <= FEW) {
    return Array.from({ length: 2 ** writes.length - 1 }, (_, index) =>
      writes.filter((_number, bit) => ((index + 1) & (1 << bit)) !== 0),
    );
  }
  const found = new Map<string, readonly number[]>();
  const add = (made: readonly number[]): void => {
    if (made.length > 0) found.set(made.join(), made);
  };
  for (const [index, number] of writes.entries()) {
    add(writes.slice(0, index + 1));
    add(writes.filter((other) => other !== number));
    add([number]);
  }
  for (let tries = 0; found.size < count && tries < 2 * count; tries += 1) {
    add(writes.filter(() => random() < 0.5));
  }
  return [...found.values()].slice(0, Math.max(count, 3 * writes.length));
}

/** The first sector, the first half, all but the last, and the rest of each: what a write leaves that ends in its middle, or begins there. */
function tears(
  log: readonly LoggedRequest[],
  number: number,
  inOnePiece: readonly number[],
): readonly Torn[] {
  const request = log[number];
  if (request?.kind !== 'write') return [];
  const sectors = request.data.length / SECTOR;
  const places = new Set([1, sectors >> 1, sectors - 1]);
  return [...places]
    .filter((at) => at > 0 && at < sectors)
    .filter((at) => !inOnePiece.includes(request.offset + at * SECTOR))
    .flatMap((at) => [
      { request: number, from: 0, to: at },
      { request: number, from: at, to: sectors },
    ]);
}

const SECTOR = 512;

/** The requests of a state after the durable ones. */
export function pendingOf(
  log: readonly LoggedRequest[],
  { made, torn }: BlockState,
): readonly LoggedRequest[] {
  const whole = made.flatMap((number) => log[number] ?? []);
  const half = torn === undefined ? undefined : log[torn.request];
  if (torn === undefined || half?.kind !== 'write') return whole;
  const [from, to] = [torn.from * SECTOR, torn.to * SECTOR];
  const arrived = { kind: 'write', offset: half.offset + from, data: half.data.subarray(from, to) };
  return [...whole, { ...arrived, kind: 'write' }];
}

/** Says which state it is, for a person who wants to build it again. */
export function nameOf({ durable, made, torn }: BlockState): string {
  const after = made.length === 0 ? 'nothing' : made.join(' ');
  const piece =
    torn === undefined
      ? ''
      : `, and of ${String(torn.request)} the sectors ${String(torn.from)} to ${String(torn.to - 1)}`;
  return `${String(durable)} requests durable, after them ${after}${piece}`;
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
