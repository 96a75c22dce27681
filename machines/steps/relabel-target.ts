import type * as z from 'zod';
import type { confirmer } from '../judgement.ts';
import { WORKING_TREE } from '../resources/target.ts';
import type { Step, StepContext } from '../step.ts';
import { requestOf } from '../upgrade-request.ts';

/**
 * The last look at the mounted target, after all hooks: what they wrote gets its SELinux context too, where the image brings a policy and
 * `setfiles`; the menu title is read.
 */
export const relabelTarget: Step = {
  name: 'relabel-target',
  title: 'Set SELinux contexts, read the menu title',
  needs: ['partitions', 'target'],
  whenInterrupted: 'repeat',
  touches: () => [WORKING_TREE],

  async run(context) {
    const title = (await titleOf(context)) ?? requestOf(context).grubEntryName;
    const { signal, system } = context;
    const contexts = await system.images.setContexts(WORKING_TREE, { signal });
    return {
      confirms: await confirmerIn(context),
      ...(title === undefined ? {} : { menuTitle: title }),
      ...(contexts.set === 'yes'
        ? { selinux: 'set', said: 'contexts set' }
        : { selinux: contexts.reason }),
    };
  },
};

/** What in the new image confirms its boots; decided by looking, while it is mounted. */
async function confirmerIn({
  system,
}: StepContext): Promise<z.infer<typeof confirmer>['confirms']> {
  const there = async (path: string): Promise<boolean> =>
    (await system.files.stat(`${WORKING_TREE}/${path}`)) !== undefined;
  for (const target of ['multi-user', 'graphical', 'default']) {
    const unit = `${target}.target.wants/slotwright-confirm.service`;
    if (await there(`etc/systemd/system/${unit}`)) return 'slotwright';
    if (await there(`usr/lib/systemd/system/${unit}`)) return 'slotwright';
  }
  if (await there('etc/slotwright/confirm')) return 'slotwright';
  const vendor = await system.files.list(await system.files.inside(WORKING_TREE, 'system/oem'));
  return vendor.some((name) => name.includes('boot_assessment')) ? 'elemental' : 'nothing';
}

/** `GRUB_ENTRY_NAME` of the new system's os-release (spec 3.1, step 12). */
async function titleOf({ system }: StepContext): Promise<string | undefined> {
  for (const path of ['etc/os-release', 'usr/lib/os-release']) {
    const text = await system.files.readText(await system.files.inside(WORKING_TREE, path));
    const line = text?.split('\n').find((candidate) => candidate.startsWith('GRUB_ENTRY_NAME='));
    if (line !== undefined) return unquoted(line.slice('GRUB_ENTRY_NAME='.length).trim());
  }
  return undefined;
}

function unquoted(value: string): string {
  const quoted = /^"(.*)"$|^'(.*)'$/.exec(value);
  return quoted === null ? value : (quoted[1] ?? quoted[2] ?? '');
}
