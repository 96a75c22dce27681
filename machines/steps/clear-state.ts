import { JUDGEMENT_BLOCK } from '../../src/boot/judgement.ts';
import { IMAGES, isOurs } from '../slots.ts';
import type { Step, StepContext } from '../step.ts';
import { SET_ASIDE, STATE_DIRECTORY } from '../../state/state-directory.ts';
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

/** Instead of a new file system: everything else on COS_STATE goes, when the new system stands. */
export const clearState: Step = {
  name: 'clear-state',
  title: 'Remove what else was on the state partition',
  needs: ['partitions'],
  whenInterrupted: 'repeat',

  async run(context) {
    const { stateAt } = context.device;
    const removed = [
      ...(await clear(
        context,
        stateAt,
        (name) => KEPT.includes(name) || name.startsWith(SET_ASIDE),
      )),
      ...(await clear(
        context,
        `${stateAt}/${IMAGES}`,
        (name) => KEPT_IMAGES.includes(name) || isOurs(name, context.id),
      )),
    ];
    // GRUB reads some of them, and would read freed blocks otherwise.
    if (removed.length > 0) await context.system.settle.checkpoint(stateAt);
    return { removed, ...(removed.length === 0 ? {} : { said: `removed ${removed.join(', ')}` }) };
  },
};

async function clear(
  context: StepContext,
  folder: string,
  keep: (name: string) => boolean,
): Promise<readonly string[]> {
  const names = (await context.system.files.list(folder)).filter((name) => !keep(name));
  for (const name of names) await removeAll(context, `${folder}/${name}`);
  return names;
}
