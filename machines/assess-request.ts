/** What a boot was found to be when `assess-boot` looked, fixed in its first record: the boot loader may count on before it ends. */
import * as z from 'zod';
import type { JsonValue } from '../state/records.ts';

export const assessRequest = z.object({
  /**
   * `on-trial`: the running system is the image on trial. `given-up`: it is an image that was given up, and was started by hand. `fell-back`: it is not, because the boot loader gave that image up.
   * `by-hand`: it is not, although that image has tries left: somebody chose another one.
   */
  finding: z.enum(['on-trial', 'given-up', 'fell-back', 'by-hand']),
  /** Why the boot loader did what it did, as the command line tells. */
  because: z.enum(['tries', 'grub']).optional(),
  /** UUID and inode number of the image on trial. */
  image: z.string(),
  id: z.string().optional(),
  /** Operation that installed it. */
  upgrade: z.string().optional(),
  triesLeft: z.int(),
  bootedFrom: z.string(),
  /** `unit`: health decides. `hand`: somebody says that all is well. `resume`: only tells what became of an image that does not run. */
  by: z.enum(['unit', 'hand', 'resume']),
  units: z.array(z.string()),
  timeoutMs: z.number(),
});

export type AssessRequest = z.infer<typeof assessRequest>;

export function assessRequestOf(context: { readonly request: JsonValue }): AssessRequest {
  return assessRequest.parse(context.request);
}
