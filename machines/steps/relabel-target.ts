import { WORKING_TREE } from '../resources/target.ts';
import type { Step, StepContext } from '../step.ts';
import { requestOf } from '../upgrade-request.ts';

/**
 * The last look at the mounted target: its menu title is read here, after all hooks. SELinux contexts are set where the
 * image brings a policy and `setfiles`; that part comes with the lifecycle operations.
 */
export const relabelTarget: Step = {
  name: 'relabel-target',
  title: 'Set SELinux contexts, read the menu title',
  needs: ['partitions', 'target'],
  whenInterrupted: 'repeat',
  touches: () => [WORKING_TREE],

  async run(context) {
    const title = (await titleOf(context)) ?? requestOf(context).grubEntryName;
    const policy = await context.system.files.list(`${WORKING_TREE}/etc/selinux/targeted/policy`);
    return {
      ...(title === undefined ? {} : { menuTitle: title }),
      selinux: policy.length === 0 ? 'no policy in the image' : 'left to the first boot',
    };
  },
};

/** `GRUB_ENTRY_NAME` of the new system's os-release (spec 3.1, step 12). */
async function titleOf({ system }: StepContext): Promise<string | undefined> {
  for (const path of ['etc/os-release', 'usr/lib/os-release']) {
    const text = await system.files.readText(`${WORKING_TREE}/${path}`);
    const line = text?.split('\n').find((candidate) => candidate.startsWith('GRUB_ENTRY_NAME='));
    if (line !== undefined) return unquoted(line.slice('GRUB_ENTRY_NAME='.length).trim());
  }
  return undefined;
}

function unquoted(value: string): string {
  const quoted = /^"(.*)"$|^'(.*)'$/.exec(value);
  return quoted === null ? value : (quoted[1] ?? quoted[2] ?? '');
}
