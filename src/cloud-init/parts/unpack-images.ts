import { EntryError } from './entry-error.ts';
import type { Part } from './part.ts';

/** Unpacks container images. Not built yet: an entry that could be done fails and says so. */
export const unpackImages: Part = {
  name: 'unpack_images',
  isAskedFor: (step) => (step.unpack_images ?? []).length > 0,
  async run(step, context) {
    for (const { source, target, at } of step.unpack_images ?? []) {
      await context.attempt(at, async () => {
        if (source && target) {
          throw new EntryError(`\`unpack_images\` is not built yet in this version: ${source}`);
        }
        await context.warn('an image without `source` or `target` is left out', at);
      });
    }
  },
};
