/** Numbers from 0 to 1, by Park and Miller: enough to choose by, and the same everywhere. */
export function generator(seed: number): () => number {
  let state = (seed % 2147483646) + 1;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

/** So many of these, chosen by the seed, in their order; all of them where there are fewer. */
export function chosen<T>(all: readonly T[], count: number, seed: number): readonly T[] {
  const random = generator(seed);
  const order = all.map((_, index) => ({ index, by: random() })).sort((a, b) => a.by - b.by);
  const numbers = new Set(order.slice(0, count).map(({ index }) => index));
  return all.filter((_, index) => numbers.has(index));
}
