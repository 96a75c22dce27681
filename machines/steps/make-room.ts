import { slotPath } from '../slots.ts';
import type { Step, StepContext } from '../step.ts';
import { givenUp } from './check-reset.ts';

/**
 * Gives up old images that the new one does not fit beside; only what `check-preconditions` said, and only while recovery runs. A name
 * that GRUB still sees leads to nothing or to the whole old image until the checkpoint, and nothing is written before it.
 */
export const makeRoom: Step = {
  name: 'make-room',
  title: 'Give up old images to make room',
  needs: ['partitions'],
  whenInterrupted: 'repeat',
  skip: (context) => (givenUp(context) === 'nothing' ? 'there is room beside them' : undefined),

  async run(context) {
    const { system, device } = context;
    const slots = givenUp(context) === 'passive' ? (['passive'] as const) : SLOTS;
    for (const slot of slots) {
      const path = slotPath(device, slot);
      if (path === undefined || (await mustNotRun(context, path))) continue;
      await system.files.remove(path);
      await system.settle.checkpoint(device.stateAt);
    }
    return { removed: [...slots], said: `gave up ${slots.join(' and ')}` };
  },
};

const SLOTS = ['passive', 'active'] as const;

/** Continued after a reboot, the machine may run what was to go. */
async function mustNotRun({ system, device }: StepContext, path: string): Promise<boolean> {
  const stat = await system.files.stat(path);
  return stat === undefined || stat.id === device.runningImage;
}
