/** The new image, mounted read-write where the reference shows it to host stages. */
import { targetPath } from '../slots.ts';
import type { Resource } from '../step.ts';

/** Mount point of the tree that becomes the new system (spec 3.2, step 6). */
export const WORKING_TREE = '/run/cos/workingtree';

export const target: Resource = {
  name: 'target',
  title: 'the new image, mounted read-write',

  async acquire(context) {
    const source = targetPath(context);
    await context.system.mounts.mount({ kind: 'image', source, at: WORKING_TREE, mode: 'rw' });
    return { image: source, at: WORKING_TREE };
  },

  async release({ system }) {
    await system.mounts.unmount(WORKING_TREE);
  },
};
