import { leftovers, removeAll } from '../leftovers.ts';
import { homeOf, imagesAt, isOurs, targetPath } from '../slots.ts';
import type { Step, StepContext } from '../step.ts';
import { requestOf } from '../upgrade-request.ts';

/** Makes the file that becomes the new image: named by operation and generation, with its final label from the start. */
export const mountTarget: Step = {
  name: 'mount-target',
  title: 'Make the new image file',
  needs: ['partitions'],
  whenInterrupted: 'repeat',
  touches: (context) => [homeOf(context)],

  async run(context) {
    const { system } = context;
    await removeTargets(context);
    const place = { system, folder: imagesAt(context), id: context.id };
    const stale = await leftovers(place);
    for (const left of stale) await removeAll(system, left);
    await system.files.makeDirectory(imagesAt(context), 0o755);
    const path = targetPath(context);
    const { image } = requestOf(context);
    // A squashfs cannot be written into: it is packed from this one later.
    await system.images.create(path, image.fs === 'squashfs' ? { ...image, fs: 'ext2' } : image);
    return { path, generation: context.generation, removed: [...stale] };
  },

  undo: removeTargets,
  undoNeeds: (context) => (requestOf(context).slot === 'recovery' ? ['recovery-partition'] : []),
};

/**
 * Every target of this operation, of every generation: none of them has been given a name that boots. And the second name of the old image,
 * where a pivot was begun and not made.
 */
async function removeTargets(context: StepContext): Promise<void> {
  const { system, id } = context;
  for (const name of await system.files.list(imagesAt(context))) {
    if (/^(transition|doomed)\./.test(name) && isOurs(name, id)) {
      await system.files.remove(`${imagesAt(context)}/${name}`);
    }
  }
}
