/** An error as data: the same five parts in the log, in JSON output and in the three lines on the screen. */
import * as z from 'zod';

export const errorViewSchema = z.object({
  code: z.string().describe('stable, kebab-case'),
  message: z.string().describe('what failed'),
  reason: z.string().exactOptional().describe('why, as far as it is known'),
  hint: z.string().exactOptional().describe('what to do next'),
  exit: z.number().exactOptional(),
});

export type ErrorView = z.infer<typeof errorViewSchema>;
