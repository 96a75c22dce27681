import * as z from 'zod';
import { installRequestOf } from '../install-request.ts';
import { WORKING_TREE } from '../resources/target.ts';
import type { Step, StepContext } from '../step.ts';

const staged = z.object({ start: z.string().optional() });

/** Makes the boot loader while the new system is mounted: it may bring a signed one. It lies beside the boot menu until the pivot. */
export const stageLoader: Step = {
  name: 'stage-boot-loader',
  title: 'Make the boot loader',
  needs: ['partitions', 'target'],
  whenInterrupted: 'repeat',

  async run(context) {
    const { system, device, signal } = context;
    const at = loaderPath(context);
    await removeLoader(context);
    await system.files.makeDirectory(at, 0o755);
    const { firmware } = installRequestOf(context);
    const { start } = await system.boot.prepareLoader(
      {
        firmware,
        arch: device.arch,
        tree: WORKING_TREE,
        menuOn: [labelOf(context, 'state'), labelOf(context, 'recovery')],
        modulesAt: `${device.stateAt}/grub2`,
      },
      at,
      { signal },
    );
    return start === undefined ? {} : { start };
  },

  undo: removeLoader,
};

export function loaderPath({ device, id }: Pick<StepContext, 'device' | 'id'>): string {
  return `${device.stateAt}/grub2/loader.${id}`;
}

async function removeLoader(context: StepContext): Promise<void> {
  const at = loaderPath(context);
  if ((await context.system.files.stat(at)) !== undefined)
    await context.system.files.removeTree(at);
}

/** File of the EFI partition that an entry of the firmware starts. */
export function loaderStart(context: StepContext): string | undefined {
  return staged.parse(context.output('stage-boot-loader') ?? {}).start;
}

/** What the disk has them labelled; the usual name where it has none. */
function labelOf({ device }: StepContext, role: 'state' | 'recovery'): string {
  const usual = { state: 'COS_STATE', recovery: 'COS_RECOVERY' }[role];
  return device.partitions.find((partition) => partition.role === role)?.label ?? usual;
}
