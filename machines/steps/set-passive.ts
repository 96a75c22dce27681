import { replace } from '../replace.ts';
import { doomedPath, inodeOf, retiredPath, slotPath } from '../slots.ts';
import type { Step } from '../step.ts';
import { requestOf } from '../upgrade-request.ts';
import { outgoingImage } from './set-active.ts';

/** Gives the outgoing active image the passive label and name. */
export const setPassive: Step = {
  name: 'set-passive',
  title: 'Make the previous system passive',
  needs: ['partitions'],
  whenInterrupted: 'probe',

  skip(context) {
    const { retired, reason } = outgoingImage(context);
    return retired === undefined ? `passive stays as it is: ${reason}` : undefined;
  },

  async run(context) {
    const { system, device } = context;
    const name = slotPath(device, 'passive') ?? '';
    const by = retiredPath(context);
    const present = await system.files.stat(name);
    // Law 2: after an interruption the machine may have fallen back to passive. What runs keeps its name.
    if (
      present !== undefined &&
      present.id === device.runningImage &&
      inodeOf(present) !== outgoingImage(context).retired
    ) {
      await system.files.remove(by);
      return { kept: inodeOf(present), reason: 'the machine runs from passive now' };
    }
    if ((await system.files.stat(by)) !== undefined) {
      await system.images.relabel(by, requestOf(context).passiveLabel);
      await system.settle.sync([device.stateAt]);
    }
    await replace(system, { name, by, doomed: doomedPath(context, 'passive'), at: device.stateAt });
    const stat = await system.files.stat(name);
    return {
      id: stat === undefined ? null : inodeOf(stat),
      bytes: stat?.bytes ?? 0,
      label: requestOf(context).passiveLabel,
    };
  },
};
