import { removeAll } from '../leftovers.ts';
import type { Step, StepContext } from '../step.ts';
import { givenUp } from './check-reset.ts';

/**
 * Gives up what the new image does not fit beside, and what is no image under the name of one; only what `check-preconditions` said, and
 * only while recovery runs. A name that GRUB still sees leads to nothing or to the whole old image until the checkpoint, and nothing is
 * written before it.
 */
export const makeRoom: Step = {
  name: 'make-room',
  title: 'Give up old images to make room',
  needs: ['partitions'],
  whenInterrupted: 'repeat',
  skip: (context) => (givenUp(context).length === 0 ? 'there is room beside them' : undefined),

  async run(context) {
    const { system, device } = context;
    const removed = givenUp(context);
    // A name that was moved and not checkpointed: GRUB may still find the old file under it.
    await system.settle.checkpoint(device.stateAt);
    for (const path of removed) {
      if (await isRunning(context, path)) continue;
      await removeAll(system, path);
      await system.settle.checkpoint(device.stateAt);
    }
    const names = removed.map((path) => path.slice(path.lastIndexOf('/') + 1));
    return { removed: names, said: `gave up ${names.join(', ')}` };
  },
};

/** Continued after a reboot, the machine may run what was to go. */
async function isRunning({ system, device }: StepContext, path: string): Promise<boolean> {
  return (await system.files.stat(path))?.id === device.runningImage;
}
