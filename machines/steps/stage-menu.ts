import * as z from 'zod';
import { WORKING_TREE } from '../resources/target.ts';
import type { Step, StepContext } from '../step.ts';

/** Text of the boot menu that the mounted image brings (spec 1.6). */
export async function menuInImage({ system }: StepContext): Promise<string | undefined> {
  const at = await system.files.inside(WORKING_TREE, 'etc/cos/grub.cfg');
  return (await system.files.stat(at))?.kind === 'file' ? system.files.readText(at) : undefined;
}

const staged = z.object({ menu: z.enum(['new', 'kept']) });

/** Puts the boot menu of the new image beside the present one, while the image is mounted. */
export const stageMenu: Step = {
  name: 'stage-menu',
  title: 'Keep the boot menu of the new system at hand',
  needs: ['partitions', 'target'],
  whenInterrupted: 'repeat',
  touches: ({ device }) => [device.stateAt],

  async run(context) {
    const { system } = context;
    const { name, by } = menuNames(context);
    await removeStaged(context);
    const text = await menuInImage(context);
    // Without an entry, not even recovery would boot.
    if (text?.includes('menuentry') !== true) {
      return { menu: 'kept', reason: 'the new system brings none with entries' };
    }
    if (text === (await system.files.readText(name))) {
      return { menu: 'kept', reason: 'it is that of the new system' };
    }
    await system.files.makeDirectory(name.slice(0, name.lastIndexOf('/')), 0o755);
    await system.files.writeText(by, text, 0o644);
    return { menu: 'new' };
  },

  undo: removeStaged,
};

async function removeStaged(context: StepContext): Promise<void> {
  await context.system.files.remove(menuNames(context).by);
}

/** Whether there is a new menu to put in its place. */
export function stagedMenu(context: StepContext): z.infer<typeof staged>['menu'] {
  return staged.parse(context.output('stage-menu')).menu;
}

export function menuNames({ device, id }: StepContext) {
  const name = `${device.stateAt}/grub2/grub.cfg`;
  return { name, by: `${name}.${id}`, doomed: `${name}.${id}.doomed` };
}
