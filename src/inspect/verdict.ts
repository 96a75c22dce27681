/** What a verified log comes to: read in full, every hash and every transition looked at. Pure. */
import * as z from 'zod';
import type { LogReading } from './log-reading.ts';

export const verdictSchema = z.object({
  records: z.number().describe('each with the hash it names, each following the one before it'),
  operations: z.number().describe('followed by their own plans, landing where they were written'),
  unfinished: z.number(),
  first: z.number().exactOptional().describe('number of the first record'),
  last: z.number().exactOptional(),
  head: z.string().exactOptional().describe('hash of the last record: names this history'),
  remarks: z.array(z.string()).describe('what is missing, was left out, or cannot be followed'),
});

export type Verdict = z.infer<typeof verdictSchema>;

export function verdictOf({ segments, remarks }: LogReading): Verdict {
  const records = segments
    .flatMap((segment) => segment.records)
    .toSorted((one, other) => one.seq - other.seq);
  const [first, last] = [records[0], records.at(-1)];
  const known = segments.filter(({ state }) => state !== undefined);
  return {
    records: records.length,
    operations: known.length,
    unfinished: known.filter(({ state }) => state?.completed === undefined).length,
    ...(first === undefined || last === undefined
      ? {}
      : { first: first.seq, last: last.seq, head: last.hash }),
    remarks: [...remarks],
  };
}
