import { replace } from '../replace.ts';
import * as z from 'zod';
import { retire, type Retirement } from '../retire.ts';
import { doomedPath, imagesAt, inodeOf, retiredPath } from '../slots.ts';
import type { Sight, Step, StepContext } from '../step.ts';
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
    const { name, by } = namesOf(context);
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

  /** Not made, when the new image still has its own name and is not the active one. */
  async made(context) {
    const { id } = sealedImage(context);
    const { name, by } = namesOf(context);
    const [active, waiting] = [
      await context.system.files.stat(name),
      await context.system.files.stat(by),
    ];
    const isActive = active !== undefined && inodeOf(active) === id;
    return isActive || waiting === undefined || inodeOf(waiting) !== id;
  },
};

/** The name that boots, and that of the sealed image until it gets it. */
function namesOf(context: Sight): { readonly name: string; readonly by: string } {
  const { path } = sealedImage(context);
  const at = imagesAt(context);
  return { name: `${at}/active.img`, by: `${at}/${path.slice(path.lastIndexOf('/') + 1)}` };
}

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
