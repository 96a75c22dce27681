import { replace } from '../replace.ts';
import type { Step } from '../step.ts';
import { menuNames, stagedMenu } from './stage-menu.ts';

/** The boot menu of the new system takes its place when the images have: each menu boots images of either. */
export const setMenu: Step = {
  name: 'set-menu',
  title: 'Give the new system its boot menu',
  needs: ['partitions'],
  whenInterrupted: 'probe',
  touches: () => [],
  skip: (context) => (stagedMenu(context) === 'kept' ? 'the menu stays as it is' : undefined),

  async run(context) {
    await replace(context.system, { ...menuNames(context), at: context.device.stateAt });
    return undefined;
  },
};
