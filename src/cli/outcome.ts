/** What commands come to, declared once: type, JSON output and its schema. */
import * as z from 'zod';
import { errorViewSchema } from '../inspect/error-view.ts';
import { failedHookSchema } from '../inspect/failed-hook.ts';
import { slotViewSchema } from '../inspect/slot-view.ts';

export const operationOutcomeSchema = z.object({
  id: z.string().exactOptional().describe('absent when there was nothing to do'),
  operation: z.string(),
  outcome: z.enum([
    'completed',
    'already-installed',
    'nothing-to-do',
    'rolled-back',
    'interrupted',
    'attention',
  ]),
  exit: z.number().describe('exit code of the command'),
  error: errorViewSchema.exactOptional(),
  owes: z.string().exactOptional().describe('the state it stands in, when it is unfinished'),
  reported: z
    .array(z.object({ step: z.string(), error: errorViewSchema }))
    .describe('steps that failed without stopping the operation'),
  failedHooks: z
    .array(failedHookSchema)
    .describe('what hooks failed at; without --strict that does not stop the operation'),
  slots: z.array(slotViewSchema),
  rebootPending: z.boolean().describe('the next boot takes another image than the running one'),
  durationMs: z.number(),
});

/** How an operation ended for this process. */
export type OperationOutcome = z.infer<typeof operationOutcomeSchema>;

export const stageOutcomeSchema = z.object({
  stage: z.string(),
  stepsRun: z.number(),
  stepsSkipped: z.number(),
  failures: z.array(z.string()).describe('one sentence each, with file, line and step'),
});

/** What running a stage on the live system came to. */
export type StageOutcome = z.infer<typeof stageOutcomeSchema>;
