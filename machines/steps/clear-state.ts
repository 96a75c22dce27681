import * as z from 'zod';
import { JUDGEMENT_BLOCK } from '../../src/boot/judgement.ts';
import { SET_ASIDE, STATE_DIRECTORY } from '../../state/state-directory.ts';
import { IMAGES } from '../slots.ts';
import type { Step, StepContext } from '../step.ts';
import { removeAll } from './erase-volumes.ts';

/** What a state partition holds that was just installed; the log is kept beside it. */
const KEPT = [
  IMAGES,
  'grub',
  'grub2',
  'grub_oem_env',
  'state.yaml',
  STATE_DIRECTORY,
  'lost+found',
  JUDGEMENT_BLOCK,
];
const KEPT_IMAGES = ['active.img', 'passive.img'];

const found = z.object({ strangers: z.array(z.string()) });

/** Names on COS_STATE, from its top, that are not of an installed system; looked at before any hook of this operation ran. */
export async function strangersOn({ system, device }: StepContext): Promise<string[]> {
  const top = await system.files.list(device.stateAt);
  const images = await system.files.list(`${device.stateAt}/${IMAGES}`);
  return [
    ...top.filter((name) => !KEPT.includes(name) && !name.startsWith(SET_ASIDE)),
    ...images.filter((name) => !KEPT_IMAGES.includes(name)).map((name) => `${IMAGES}/${name}`),
  ];
}

/**
 * Instead of a new file system: what was on COS_STATE beside the system goes, when the new one stands. What hooks of this reset made stays;
 * what cannot be removed is told, and holds nothing up.
 */
export const clearState: Step = {
  name: 'clear-state',
  title: 'Remove what else was on the state partition',
  needs: ['partitions'],
  whenInterrupted: 'repeat',
  onFailure: 'report',

  async run(context) {
    const { stateAt } = context.device;
    const { strangers } = found.parse(context.output('check-preconditions'));
    for (const name of strangers) await removeAll(context, `${stateAt}/${name}`);
    // GRUB reads some of them, and would read freed blocks otherwise.
    if (strangers.length > 0) await context.system.settle.checkpoint(stateAt);
    return {
      removed: strangers,
      ...(strangers.length === 0 ? {} : { said: `removed ${strangers.join(', ')}` }),
    };
  },
};
