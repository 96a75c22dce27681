import { SystemError } from '../../src/errors.ts';
import { EXIT } from '../../src/exit-codes.ts';
import { installRequestOf } from '../install-request.ts';
import type { Step, StepContext } from '../step.ts';
import { menuInImage, menuNames } from './stage-menu.ts';

/** Puts the boot menu of the new system in its place on COS_STATE, or beside it: an image that brings none gets ours. */
export const stageInstallMenu: Step = {
  name: 'stage-menu',
  title: 'Take the boot menu of the new system',
  needs: ['partitions', 'target'],
  whenInterrupted: 'repeat',

  async run(context) {
    const { system } = context;
    const { name, by } = menuNames(context);
    const brought = await menuInImage(context);
    const { menu } = installRequestOf(context);
    const text = brought ?? (await system.files.readText(menu));
    if (text === undefined) throw noMenu(menu);
    await system.files.makeDirectory(name.slice(0, name.lastIndexOf('/')), 0o755);
    await system.files.remove(by);
    if (text === (await system.files.readText(name))) {
      return { menu: 'kept', reason: 'it is that of the new system' };
    }
    await system.files.writeText(by, text, 0o644);
    return { menu: 'new', from: brought === undefined ? 'slotwright' : 'the image' };
  },

  undo: async (context: StepContext) => context.system.files.remove(menuNames(context).by),
};

function noMenu(path: string): SystemError {
  return new SystemError({
    code: 'no-menu',
    message: 'there is no boot menu for the new system',
    reason: `neither the image has /etc/cos/grub.cfg, nor is there ${path}`,
    hint: '"slotwright init" brings one into an image',
    exit: EXIT.installLoader,
  });
}
