import { replace } from '../replace.ts';
import * as z from 'zod';
import { retire, type Retirement } from '../retire.ts';
import { doomedPath, imagesAt, inodeOf, retiredPath } from '../slots.ts';
import type { Step, StepContext } from '../step.ts';
import { requestOf } from '../upgrade-request.ts';
import { mustBeSealed, sealedImage } from './unmount-target.ts';

/** The pivot: from its start on the operation only goes forward. */
export const setActive: Step = {
  name: 'set-active',
  title: 'Make the new image active',
  needs: ['partitions'],
  whenInterrupted: 'probe',
  touches: () => [],

  async run(context) {
    const { system, device } = context;
    const image = sealedImage(context);
    const name = `${imagesAt(context)}/active.img`;
    const by = `${imagesAt(context)}/${image.path.slice(image.path.lastIndexOf('/') + 1)}`;
    await mustBeSealed(context, [name, by]);
    const retirement = await lastLook(context, name);
    await replace(system, { name, by, doomed: doomedPath(context, 'active'), at: device.stateAt });
    return {
      id: image.id,
      bytes: image.bytes,
      digest: image.digest,
      label: requestOf(context).image.label,
      source: requestOf(context).source.uri,
      bootId: device.bootId,
      ...(retirement.id === undefined ? {} : { retired: retirement.id }),
      reason: retirement.reason,
    };
  },
};

/** What `set-active` found to become passive. */
const outgoing = z.object({ retired: z.string().optional(), reason: z.string() });

export function outgoingImage(context: StepContext): z.infer<typeof outgoing> {
  return outgoing.parse(context.output('set-active'));
}

/**
 * Whether the outgoing image is kept is decided while it still has its name. After that only its second name tells: this process
 * may run on the new image already.
 */
async function lastLook(context: StepContext, name: string): Promise<Retirement> {
  const { system } = context;
  const active = await system.files.stat(name);
  if (active === undefined || inodeOf(active) !== sealedImage(context).id) return retire(context);
  const retired = await system.files.stat(retiredPath(context));
  return retired === undefined
    ? { reason: 'there was no image to keep' }
    : { reason: 'kept before the switch', id: inodeOf(retired) };
}
