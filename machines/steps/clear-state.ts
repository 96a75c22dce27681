import * as z from 'zod';
import { JUDGEMENT_BLOCK } from '../../src/boot/judgement.ts';
import { SET_ASIDE, STATE_DIRECTORY } from '../../state/state-directory.ts';
import { IMAGES } from '../slots.ts';
import { placeOf, type Step, type StepContext } from '../step.ts';
import { leftovers, removeAll } from '../leftovers.ts';

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
    const { system, id } = context;
    for (const name of strangers) await removeAll(system, `${stateAt}/${name}`);
    // GRUB reads some of them, and would read freed blocks otherwise.
    if (strangers.length > 0) await system.settle.checkpoint(stateAt);
    const recovery = placeOf(context.device, 'recovery') ?? '';
    // An abandoned upgrade of the recovery system: nobody else looks there before the next one.
    const left = await leftovers({ system, folder: `${recovery}/${IMAGES}`, id });
    for (const path of left) await removeAll(system, path);
    const removed = [...strangers, ...left];
    return { removed, ...(removed.length === 0 ? {} : { said: `removed ${removed.join(', ')}` }) };
  },

  touches: ({ device }) =>
    [device.stateAt, placeOf(device, 'recovery')].filter((at) => at !== undefined),
};
