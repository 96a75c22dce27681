/** The machine in one screen: slots, what is unfinished, who judges boots, what to run next. */
import { z } from 'zod';
import { errorViewSchema } from './error-view.ts';
import { historyRowSchema } from './history-row.ts';
import { slotViewSchema } from './slot-view.ts';

export const statusReportSchema = z.object({
  bootedFrom: z.enum(['active', 'passive', 'recovery', 'live', 'unknown']),
  slots: z.array(slotViewSchema),
  judge: z.object({
    kind: z.enum(['slotwright', 'elemental', 'none']),
    attemptsLeft: z.number().exactOptional().describe('boots before the fallback is taken'),
    reason: z.string().exactOptional().describe('why there is none'),
  }),
  unfinished: z
    .object({
      id: z.string(),
      operation: z.string(),
      startedAt: z.string(),
      state: z.string().describe('state of its machine'),
      step: z.string().exactOptional().describe('the step it owes'),
      title: z.string().exactOptional(),
      phase: z.enum(['run', 'undo']).exactOptional(),
      position: z.object({ number: z.number(), of: z.number() }).exactOptional(),
      attempts: z.number().describe('starts of the owed step without a result'),
      canAbort: z.boolean().describe('false past the point of no return'),
      error: errorViewSchema.exactOptional(),
    })
    .exactOptional(),
  last: historyRowSchema.exactOptional().describe('the last finished operation'),
  warnings: z.array(z.string()),
  next: z.array(z.object({ command: z.string(), why: z.string() })),
});

export type StatusReport = z.infer<typeof statusReportSchema>;
