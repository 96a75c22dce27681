import { homeOf, imagesAt, isOurs, targetPath } from '../slots.ts';
import type { Step, StepContext } from '../step.ts';
import { requestOf } from '../upgrade-request.ts';

/** What interrupted runs of the reference leave behind, under the names it uses again (spec 1.2, W4, W36). */
const STALE = ['transition.img', 'transition.imgTree', 'transition.squashfs'];

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
    const stale = await removeStale(context);
    await system.files.makeDirectory(imagesAt(context), 0o755);
    const path = targetPath(context);
    const { image } = requestOf(context);
    // A squashfs cannot be written into: it is packed from this one later.
    await system.images.create(path, image.fs === 'squashfs' ? { ...image, fs: 'ext2' } : image);
    return { path, generation: context.generation, removed: stale };
  },

  undo: removeTargets,
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

async function removeStale(context: StepContext): Promise<string[]> {
  const { system } = context;
  const names = await system.files.list(imagesAt(context));
  const stale = names.filter((name) => STALE.includes(name));
  for (const name of stale) {
    const path = `${imagesAt(context)}/${name}`;
    const stat = await system.files.stat(path);
    if (stat?.kind === 'directory') await system.files.removeTree(path);
    else await system.files.remove(path);
  }
  return stale;
}
