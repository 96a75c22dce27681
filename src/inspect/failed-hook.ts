/** What a hook failed at, as data. */
import * as z from 'zod';

export const failedHookSchema = z.object({
  stages: z.array(z.string()).readonly().describe('several when a whole file failed'),
  source: z.string().describe('file, URL, or /proc/cmdline'),
  line: z.number().exactOptional().describe('from 1'),
  column: z.number().exactOptional().describe('from 1'),
  step: z.string().exactOptional().describe('absent when the whole file failed'),
  part: z.string().exactOptional().describe('key of the step'),
  error: z.string(),
});

export type FailedHook = z.infer<typeof failedHookSchema>;
