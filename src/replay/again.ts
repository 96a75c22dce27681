/** What carrying an operation out once more came to, against what was recorded. Plain data. */
import * as z from 'zod';
import type { EventRecord } from '../../state/records.ts';
import { courseOf, gist } from './course.ts';
import { runAgain } from './run-again.ts';

export const againSchema = z.object({
  same: z.number().describe('records of the course that came again, in their order'),
  of: z.number().describe('records of the recorded course'),
  difference: z
    .object({
      seq: z.number().describe('recorded there'),
      recorded: z.string(),
      again: z.string(),
    })
    .exactOptional()
    .describe('the first one; absent when everything came again'),
});

export type Again = z.infer<typeof againSchema>;

export async function carriedOutAgain(records: readonly EventRecord[]): Promise<Again> {
  const recorded = courseOf(records);
  const { course } = await runAgain(records);
  const length = Math.max(recorded.length, course.length);
  for (let place = 0; place < length; place += 1) {
    const [was, is] = [recorded[place], course[place]];
    const [one, other] = [told(was), told(is)];
    if (one === other) continue;
    const seq = was?.seq ?? recorded.at(-1)?.seq ?? 0;
    return {
      same: place,
      of: recorded.length,
      difference: { seq, recorded: one, again: other },
    };
  }
  return { same: length, of: recorded.length };
}

function told(record: EventRecord | undefined): string {
  return record === undefined ? 'nothing more' : gist(record.event);
}
