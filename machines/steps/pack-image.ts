import { homeOf, packedPath, targetPath } from '../slots.ts';
import type { Step } from '../step.ts';
import { requestOf } from '../upgrade-request.ts';

/** Makes the squashfs, where one is wanted, of the image that was filled and that hooks have changed. */
export const packImage: Step = {
  name: 'pack-image',
  title: 'Pack the new image as a squashfs',
  needs: ['partitions'],
  whenInterrupted: 'repeat',
  touches: (context) => [homeOf(context)],

  skip: (context) =>
    requestOf(context).image.fs === 'squashfs' ? undefined : 'the image stays as it is',

  async run(context) {
    const { system, signal, report } = context;
    const to = packedPath(context);
    await system.files.remove(to);
    await system.images.pack(
      targetPath(context),
      to,
      { options: requestOf(context).squashOptions },
      { signal, report },
    );
    return { path: to };
  },
};
