/** A slot as people see it: what is in it, and what part it plays in booting. */
import * as z from 'zod';

export const slotViewSchema = z.object({
  slot: z.enum(['active', 'passive', 'recovery']),
  presence: z
    .enum(['present', 'missing', 'not-seen'])
    .describe('not-seen: its partition is not mounted, and looking must not change anything'),
  running: z.boolean().describe('the running root file system comes from this image'),
  boots: z
    .enum(['default', 'fallback', 'on-request', 'never'])
    .describe('when the boot loader takes it'),
  state: z
    .enum(['confirmed', 'on-trial', 'failed', 'unknown'])
    .describe('how its boots were judged; without a judge the running image counts as confirmed'),
  label: z.string().exactOptional(),
  bytes: z.number().exactOptional(),
  digest: z.string().exactOptional(),
  source: z.string().exactOptional().describe('URI it was installed from'),
  installedAt: z.string().exactOptional(),
});

export type SlotView = z.infer<typeof slotViewSchema>;
