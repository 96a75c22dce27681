import { uuidOf } from '../judgement.ts';
import { replace } from '../replace.ts';
import { doomedPath, inodeOf, passiveCopyPath, retiredPath, slotPath } from '../slots.ts';
import type { Step, StepContext } from '../step.ts';
import { requestOf } from '../upgrade-request.ts';
import { outgoingImage } from './set-active.ts';

/** Gives the outgoing active image the passive label and name; or, where both slots are made anew, a copy of the new one. */
export const setPassive: Step = {
  name: 'set-passive',
  title: 'Make the fallback system passive',
  needs: ['partitions'],
  whenInterrupted: 'probe',

  skip(context) {
    if (requestOf(context).passive === 'copy') return undefined;
    const { retired, reason } = outgoingImage(context);
    return retired === undefined ? `passive stays as it is: ${reason}` : undefined;
  },

  async run(context) {
    const { system, device } = context;
    const copied = requestOf(context).passive === 'copy';
    const name = slotPath(device, 'passive') ?? '';
    const doomed = doomedPath(context, 'passive');
    const by = copied ? passiveCopyPath(context) : retiredPath(context);
    const present = await system.files.stat(name);
    const made = copied && (await isCopyOfActive(context));
    // Law 2: after an interruption the machine may have fallen back to passive. It loses its name to an image that ran, never to a copy
    // of one that nobody has started.
    if (copied && !made && present !== undefined && present.id === device.runningImage) {
      await system.files.remove(by);
      await system.files.remove(doomed);
      return { kept: inodeOf(present), reason: 'the machine runs from passive now' };
    }
    // The second name of the old image is made when the new one is whole: from then on there is nothing to make.
    const under = (await system.files.stat(doomed)) !== undefined;
    if (copied && !made && !under) await copyActive(context, by);
    if (!under && (await system.files.stat(by)) !== undefined) {
      await system.images.relabel(by, requestOf(context).passiveLabel);
      await system.settle.sync([device.stateAt]);
    }
    await replace(system, { name, by, doomed, at: device.stateAt });
    const stat = await system.files.stat(name);
    return {
      id: stat === undefined ? null : inodeOf(stat),
      bytes: stat?.bytes ?? 0,
      label: requestOf(context).passiveLabel,
      ...(copied ? { made: 'copy', source: requestOf(context).source.uri } : {}),
    };
  },
};

/** A copy has the file system, and so the UUID, of what it was made from; every new image has one of its own. */
async function isCopyOfActive({ system, device }: StepContext): Promise<boolean> {
  const [active, passive] = [slotPath(device, 'active') ?? '', slotPath(device, 'passive') ?? ''];
  if ((await system.files.stat(passive))?.kind !== 'file') return false;
  const [one, other] = [await uuidOf(system, active), await uuidOf(system, passive)];
  return one !== undefined && one === other;
}

async function copyActive(context: StepContext, by: string): Promise<void> {
  const { system, device, signal, report } = context;
  await system.files.remove(by);
  await system.images.copy(slotPath(device, 'active') ?? '', by, { signal, report });
}
