/** Everything one operation did, in order, with durations, hook output and errors. */
import { z } from 'zod';
import { errorViewSchema } from './error-view.ts';
import { historyRowSchema } from './history-row.ts';

export const timelineEntrySchema = z.object({
  seq: z.number(),
  at: z.string(),
  elapsedMs: z.number().describe('working time since the start of the operation'),
  event: z.string(),
  level: z.enum(['info', 'detail', 'warning', 'error']),
  text: z.string(),
  state: z.string().exactOptional().describe('state of the machine after it'),
  durationMs: z.number().exactOptional(),
  output: z.string().exactOptional().describe('what a hook printed'),
  error: errorViewSchema.exactOptional(),
});

export type TimelineEntry = z.infer<typeof timelineEntrySchema>;

export const timelineSchema = historyRowSchema.extend({
  tool: z.string().exactOptional().describe('version that planned it'),
  key: z.string().exactOptional().describe('names what would be installed'),
  plan: z.array(z.object({ name: z.string(), title: z.string(), pivot: z.boolean() })),
  request: z.json(),
  entries: z.array(timelineEntrySchema),
});

export type Timeline = z.infer<typeof timelineSchema>;
