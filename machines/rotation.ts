/**
 * Law 2: whether the present active image becomes passive, or is only replaced. It is kept exactly when it is known to be
 * good: it runs, or it was seen running. Looked at when it matters, never remembered: between two processes the machine may
 * have booted something else.
 */
import { standingOfActive } from './judgement.ts';
import { inodeOf, slotPath } from './slots.ts';
import type { StepContext } from './step.ts';
import { requestOf } from './upgrade-request.ts';

export interface Rotation {
  readonly rotate: boolean;
  /** One clause, for people: why. */
  readonly reason: string;
}

export const UNCONFIRMED = 'nobody has confirmed the active image';

export async function rotation(context: StepContext): Promise<Rotation> {
  const { system, device } = context;
  const { confirmed, switchedInBoot, passive: next } = requestOf(context);
  if (next === 'copy') return no('passive becomes a copy of the new system');
  const active = await statOf(context, 'active');
  if (active === undefined) return no('there is no active image to keep');
  const { standing } = await standingOfActive(system, device);
  if (standing !== 'not-judged') return no(UNCONFIRMED);
  if (device.runningImage !== undefined) {
    if (device.runningImage === active.id) return yes('the active image is the running system');
    const passive = await statOf(context, 'passive');
    if (device.runningImage === passive?.id) {
      return no('the passive image is the running system and stays as it is');
    }
  }
  switch (device.bootedFrom) {
    case 'active':
      if (device.runningImage === undefined && switchedInBoot !== device.bootId) {
        return yes('the machine booted from active');
      }
      return no('the active image has not been booted yet');
    case 'passive':
      return no('the machine booted from passive');
    case 'recovery':
    case 'live':
    case 'unknown':
      return confirmed.includes(inodeOf(active))
        ? yes('the active image was seen running before')
        : no('the active image was never seen running');
  }

  async function statOf(from: StepContext, slot: 'active' | 'passive') {
    const path = slotPath(from.device, slot);
    return path === undefined ? undefined : system.files.stat(path);
  }
}

function yes(reason: string): Rotation {
  return { rotate: true, reason };
}

function no(reason: string): Rotation {
  return { rotate: false, reason };
}
