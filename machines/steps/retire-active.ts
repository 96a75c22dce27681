import { rotation } from '../rotation.ts';
import { inodeOf, retiredPath, slotPath } from '../slots.ts';
import type { Step, StepContext } from '../step.ts';

/** Gives the present active image a second name before it loses its first one, when law 2 lets it become passive. */
export const retireActive: Step = {
  name: 'retire-active',
  title: 'Keep the present system',
  needs: ['partitions'],
  whenInterrupted: 'probe',

  async run(context) {
    const { system, device } = context;
    const decision = await rotation(context);
    const active = slotPath(device, 'active');
    const stat = active === undefined ? undefined : await system.files.stat(active);
    if (!decision.rotate || active === undefined || stat === undefined) {
      await removeRetired(context);
      return { ...decision, rotate: false };
    }
    const retired = retiredPath(context);
    const present = await system.files.stat(retired);
    if (present?.id !== stat.id) {
      await removeRetired(context);
      await system.files.link(active, retired);
    }
    return { ...decision, id: inodeOf(stat) };
  },

  undo: removeRetired,
};

async function removeRetired(context: StepContext): Promise<void> {
  await context.system.files.remove(retiredPath(context));
}
