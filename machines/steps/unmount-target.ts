import { SystemError } from '../../src/errors.ts';
import { EXIT } from '../../src/exit-codes.ts';
import * as z from 'zod';
import { homeOf, inodeOf, packedPath, targetPath } from '../slots.ts';
import type { Step, StepContext } from '../step.ts';
import { requestOf } from '../upgrade-request.ts';

/** What the sealed image is known by from here on. */
export const sealed = z.object({
  path: z.string(),
  /** Inode number: the image keeps it when it gets its final name. */
  id: z.string(),
  bytes: z.number(),
  digest: z.string(),
  label: z.string().optional(),
});

/** The target is unmounted (nothing here needs it), checked, and known by its content from now on. */
export const unmountTarget: Step = {
  name: 'unmount-target',
  title: 'Unmount, check and seal the new image',
  needs: ['partitions'],
  whenInterrupted: 'probe',
  touches: (context) => [homeOf(context)],

  async run(context) {
    const { system, signal, report } = context;
    const packed = requestOf(context).image.fs === 'squashfs';
    const path = packed ? packedPath(context) : targetPath(context);
    if (packed) await system.files.remove(targetPath(context));
    // Before the digest: what is hashed is what a reader finds after a power cut.
    await system.settle.sync([homeOf(context)]);
    const [digest] = await Promise.all([
      system.images.digest(path, { signal, report }),
      system.images.check(path, { signal }),
    ]);
    const stat = await system.files.stat(path);
    if (stat === undefined) throw vanished(path);
    const label = await system.images.label(path);
    return {
      path,
      id: inodeOf(stat),
      bytes: stat.bytes,
      digest,
      ...(label === undefined ? {} : { label }),
    };
  },
};

/** The sealed image of this operation, as recorded. */
export function sealedImage(context: Pick<StepContext, 'output'>): z.infer<typeof sealed> {
  return sealed.parse(context.output('unmount-target'));
}

/** The image that was sealed is there, under its own name or already under the final one. */
export async function mustBeSealed(context: StepContext, paths: readonly string[]): Promise<void> {
  const { id, bytes } = sealedImage(context);
  for (const path of paths) {
    const stat = await context.system.files.stat(path);
    if (stat !== undefined && inodeOf(stat) === id && stat.bytes === bytes) return;
  }
  throw new SystemError({
    code: 'target-vanished',
    message: 'the new image is gone, and no slot holds it',
    reason: 'something else changed the images while the operation was interrupted',
    hint: 'look at "slotwright status"; the machine boots what its slots hold now',
    exit: EXIT.attention,
  });
}

function vanished(path: string): SystemError {
  return new SystemError({
    code: 'target-vanished',
    message: `the new image ${path} is gone`,
    reason: 'something else removed it while the operation ran',
    hint: 'run the command again',
    exit: EXIT.unmountImage,
  });
}
