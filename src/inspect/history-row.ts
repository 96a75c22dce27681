/** One operation in one line of history. */
import * as z from 'zod';
import { errorViewSchema } from './error-view.ts';

const placed = z
  .record(z.string(), z.string())
  .describe('slot to image: the beginning of its digest, or its inode where no digest is known');

export const historyRowSchema = z.object({
  number: z.number().describe('position among the segments of this device, from 1'),
  id: z.string(),
  operation: z.string(),
  outcome: z.enum(['completed', 'rolled-back', 'unfinished']),
  startedAt: z.string().exactOptional(),
  endedAt: z.string().exactOptional(),
  activeMs: z.number().describe('time spent working, without the pauses between processes'),
  processes: z.number().describe('processes that worked on it: 1, and one for each resume'),
  source: z.string().exactOptional(),
  cause: z.string().exactOptional().describe('id of the operation that caused this one'),
  owes: z.string().exactOptional().describe('the state it stands in, while unfinished'),
  slotsBefore: placed.exactOptional(),
  slotsAfter: placed.exactOptional().describe('as far as it has come, while unfinished'),
  error: errorViewSchema.exactOptional().describe('why it turned back'),
  reported: z.number().describe('steps that failed without stopping it'),
  failedHooks: z.number().describe('failures of hooks, whether or not they stopped it'),
});

export type HistoryRow = z.infer<typeof historyRowSchema>;
