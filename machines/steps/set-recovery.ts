import { replace } from '../replace.ts';
import { doomedPath, homeOf, imagesAt } from '../slots.ts';
import type { Step } from '../step.ts';
import { requestOf } from '../upgrade-request.ts';
import { mustBeSealed, sealedImage } from './unmount-target.ts';

/** The pivot of a recovery upgrade: the name leads to a complete recovery image before, during and after it (law 1). */
export const setRecovery: Step = {
  name: 'set-recovery',
  title: 'Make the new image the recovery system',
  needs: ['partitions'],
  whenInterrupted: 'probe',
  touches: () => [],

  async run(context) {
    const { system } = context;
    const image = sealedImage(context);
    const name = `${imagesAt(context)}/recovery.img`;
    const by = `${imagesAt(context)}/${image.path.slice(image.path.lastIndexOf('/') + 1)}`;
    await mustBeSealed(context, [name, by]);
    const doomed = doomedPath(context, 'recovery');
    await replace(system, { name, by, doomed, at: homeOf(context) });
    const { label, fs } = requestOf(context).image;
    return {
      id: image.id,
      bytes: image.bytes,
      digest: image.digest,
      source: requestOf(context).source.uri,
      ...(fs === 'squashfs' ? {} : { label }),
    };
  },
};
