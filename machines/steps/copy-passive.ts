import { SystemError } from '../../src/errors.ts';
import { EXIT } from '../../src/exit-codes.ts';
import { slotPath, targetPath } from '../slots.ts';
import type { Step } from '../step.ts';
import { requestOf } from '../upgrade-request.ts';
import { mountTarget } from './mount-target.ts';

/** Copies passive under a name of ours and gives the copy the active label: passive itself is never touched. */
export const copyPassive: Step = {
  name: 'copy-passive',
  title: 'Copy the passive image',
  needs: ['partitions'],
  whenInterrupted: 'repeat',

  async run(context) {
    const { system, device, signal, report } = context;
    const passive = slotPath(device, 'passive') ?? '';
    await mountTarget.undo?.(context);
    if ((await system.files.stat(passive))?.kind !== 'file') throw noPassive(passive);
    const path = targetPath(context);
    await system.images.copy(passive, path, { signal, report });
    await system.images.relabel(path, requestOf(context).image.label);
    return { path };
  },

  ...(mountTarget.undo === undefined ? {} : { undo: mountTarget.undo }),
};

export function noPassive(path: string): SystemError {
  return new SystemError({
    code: 'no-passive',
    message: 'there is no passive image to roll back to',
    reason: `${path} does not exist`,
    hint: 'upgrade from a known good source instead: "slotwright upgrade --system.uri dir:/path"',
    exit: EXIT.copyImage,
  });
}
